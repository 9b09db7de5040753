//! `Assign`: the variables that a state sets.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html>

use serde_json::{Map, Value};

use super::{
    fault::Fault,
    fields::{Fields, below},
    scope::View,
    shape::Shape,
    variables,
};

/// The variables that are set on the way out of a state.
#[derive(Clone, Debug, PartialEq)]
pub struct Assign(Shape);

impl Assign {
    /// Reads the field, if it is there.
    pub(crate) fn read(fields: &mut Fields<'_>) -> Option<Self> {
        let pointer = fields.at("Assign");
        let names = fields.value("Assign")?;
        let Value::Object(names) = names else {
            fields.report.schema(&pointer, "Expected value of type Object");
            return None;
        };
        for name in names.keys() {
            let name = name.strip_suffix(".$").unwrap_or(name);
            if let Some((code, why)) = variables::fault(name) {
                fields.report.add(code, &below(&pointer, name), why);
            }
        }
        Shape::read(fields, "Assign").map(Self)
    }

    pub(crate) fn evaluate(&self, view: View<'_>) -> Result<Map<String, Value>, Fault> {
        match self.0.fill_in(view)? {
            Value::Object(values) => Ok(values),
            // Checked when it was read.
            _ => Ok(Map::new()),
        }
    }
}
