//! One expression.

use serde_json::Value;

use crate::asl::{fault::Fault, scope::View};

/// What stands between `{%` and `%}`, checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Expression {
    text: String,
    /// Where it stands in its state, such as `Output/total`.
    field: String,
}

impl Expression {
    /// The expression that a text is, if it is one.
    pub(crate) fn inside(text: &str) -> Option<&str> {
        text.strip_prefix("{%")?.strip_suffix("%}")
    }

    /// Reads an expression; the reason is for a person.
    pub(crate) fn parse(text: &str, field: &str) -> Result<Self, String> {
        Ok(Self { text: text.trim().to_owned(), field: field.to_owned() })
    }

    /// Where it stands in its state.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The value that it gives.
    pub(crate) fn evaluate(&self, _: View<'_>) -> Result<Value, Fault> {
        Err(Fault::runtime(format!("The JSONata expression '{}' is not run yet", self.text)))
    }

    /// The fault of a value of the wrong type.
    pub(crate) fn unexpected(&self, wanted: &str, value: &Value) -> Fault {
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::Number(_) => "number",
            Value::String(_) => "string",
            Value::Array(_) => "array",
            Value::Object(_) => "object",
        };
        Fault::query(format!(
            "The JSONata expression '{}' specified for the field '{}' returned an unexpected result type. Expected \
             '{wanted}', but was '{kind}' for value: {value}",
            self.text, self.field
        ))
        .located(&self.field)
    }
}
