//! JSON to be filled in, in the language of its state.

use serde_json::Value;

use super::{
    fault::Fault,
    fields::Fields,
    jsonata::Query,
    language::Language,
    scope::{Scope, View},
    template::Template,
};

/// A payload template of JSONPath, or JSON with JSONata in it.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// JSONPath.
    Path(Template),
    /// JSONata.
    Jsonata(Query),
}

impl Shape {
    /// Reads the field, if it is there.
    pub(crate) fn read(fields: &mut Fields<'_>, name: &'static str) -> Option<Self> {
        let (place, language) = (fields.place(name), fields.language);
        let value = fields.value(name)?;
        Some(match language {
            Language::JsonPath => Self::Path(Template::parse(value, &place.pointer, fields.report)),
            Language::Jsonata => Self::Jsonata(Query::parse(value, &place, fields.report)),
        })
    }

    /// Fills it with what stands in the scope; `$` of JSONPath means `dollar`.
    pub fn fill(&self, scope: &Scope<'_>, dollar: &Value) -> Result<Value, Fault> {
        self.fill_in(scope.view(dollar))
    }

    pub(crate) fn fill_in(&self, view: View<'_>) -> Result<Value, Fault> {
        match self {
            Self::Path(template) => template.fill(view),
            Self::Jsonata(query) => query.fill(view),
        }
    }
}
