//! `Fail`: ends the execution badly.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-fail.html>

use serde_json::Value;

use crate::asl::{
    fault::Fault, fields::Fields, flow::Flow, jsonata, language::Language, scope::Scope, template::Expression,
};

use super::given::Given;

/// A Fail state.
#[derive(Clone, Debug, PartialEq)]
pub struct Fail {
    /// `Error` or `ErrorPath`
    pub error: Option<Text>,
    /// `Cause` or `CausePath`
    pub cause: Option<Text>,
}

/// A text of a Fail state.
#[derive(Clone, Debug, PartialEq)]
pub enum Text {
    /// Written in the definition.
    Fixed(String),
    /// Found in the data, or made from it.
    Path {
        /// The field's name, for messages.
        field: &'static str,
        /// What gives it.
        expression: Expression,
    },
    /// Made by JSONata.
    Jsonata(jsonata::Expression),
}

impl Text {
    /// The text.
    pub fn evaluate(&self, scope: &Scope<'_>) -> Result<String, Fault> {
        let view = scope.view(scope.input);
        match self {
            Self::Fixed(text) => Ok(text.clone()),
            Self::Path { field, expression } => match expression.evaluate(field, view)? {
                Value::String(text) => Ok(text),
                other => {
                    Err(Fault::runtime(format!("The field '{field}' must give a string but gives {other}")))
                }
            },
            Self::Jsonata(expression) => match expression.evaluate(view)? {
                Value::String(text) => Ok(text),
                other => Err(expression.unexpected("string", &other)),
            },
        }
    }
}

pub(super) fn read(fields: &mut Fields<'_>) -> (Flow, Fail) {
    let fail = Fail {
        error: read_text(fields, "Error", "ErrorPath"),
        cause: read_text(fields, "Cause", "CausePath"),
    };
    (Flow::none(fields.language), fail)
}

fn read_text(fields: &mut Fields<'_>, name: &'static str, path_name: &'static str) -> Option<Text> {
    if fields.language == Language::Jsonata {
        fields.foreign(if name == "Error" { &["ErrorPath"] } else { &["CausePath"] });
        if let Some(expression) = Given::<String>::expression(fields, name) {
            return match expression? {
                Given::Jsonata(expression) => Some(Text::Jsonata(expression)),
                Given::Fixed(_) | Given::Path(_) => None,
            };
        }
        return fields.text(name).map(|text| Text::Fixed(text.to_owned()));
    }
    fields.one_of(&[name, path_name], false);
    let fixed = fields.text(name).map(|text| Text::Fixed(text.to_owned()));
    let path = fields.text(path_name).and_then(|text| match Expression::parse(text) {
        Ok(expression) => {
            expression.refer(fields.report);
            Some(Text::Path { field: path_name, expression })
        }
        Err(why) => {
            let message =
                format!("Value must be a valid JSONPath or a valid intrinsic function call ({why})");
            fields.report.schema(&fields.at(path_name), message);
            None
        }
    });
    fixed.or(path)
}
