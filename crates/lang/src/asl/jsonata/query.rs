//! JSON in which texts may be expressions.

use serde_json::Value;

use super::Expression;
use crate::asl::{diagnostic::Report, fault::Fault, fields::Place, scope::View, tree::Tree};

/// JSON with expressions `{% … %}` in it, checked and ready to be filled.
pub type Query = Tree<Expression>;

impl Tree<Expression> {
    /// Reads what stands at that place, reporting all that is wrong with it; what is broken is `null` then.
    pub(crate) fn parse(value: &Value, place: &Place, report: &Report) -> Self {
        match value {
            Value::Object(members) => {
                let read = |(name, value): (&String, &Value)| {
                    (name.clone(), Self::parse(value, &place.member(name), report))
                };
                Self::object(value, members.iter().map(read).collect())
            }
            Value::Array(items) => {
                let read = |(at, item)| Self::parse(item, &place.item(at), report);
                Self::array(value, items.iter().enumerate().map(read).collect())
            }
            Value::String(text) => match Expression::inside(text) {
                Some(inside) => {
                    Expression::read(inside, place, report).map_or(Self::Literal(Value::Null), Self::Leaf)
                }
                None => {
                    if text.starts_with("{%") {
                        let message = "JSONata string must start with {% and end with %}";
                        report.schema(&place.pointer, message);
                    }
                    Self::Literal(value.clone())
                }
            },
            _ => Self::Literal(value.clone()),
        }
    }

    /// Fills it.
    pub(crate) fn fill(&self, view: View<'_>) -> Result<Value, Fault> {
        self.fill_with(view, &|expression| expression.evaluate(view))
    }
}
