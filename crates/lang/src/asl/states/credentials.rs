//! `Credentials`: the role that a task is carried out in.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-access-cross-acct-resources.html>

use serde_json::Value;

use crate::asl::{
    fault::Fault, fields::Fields, flow::Flow, jsonata, language::Language, scope::Scope, template::Expression,
};

use super::given::Given;

/// The role of a task.
#[derive(Clone, Debug, PartialEq)]
pub enum Credentials {
    /// `RoleArn`
    Fixed(String),
    /// `RoleArn.$`
    Path(Expression),
    /// `RoleArn` by JSONata.
    Jsonata(jsonata::Expression),
}

impl Credentials {
    /// The ARN of the role.
    pub fn evaluate(&self, flow: &Flow, scope: &Scope<'_>) -> Result<String, Fault> {
        let dollar = flow.input(scope)?;
        match self {
            Self::Fixed(arn) => Ok(arn.clone()),
            Self::Path(expression) => match expression.evaluate("RoleArn.$", scope.view(&dollar))? {
                Value::String(arn) => Ok(arn),
                other => Err(Fault::runtime(format!(
                    "The field 'RoleArn.$' must give the ARN of a role but gives {other}"
                ))),
            },
            Self::Jsonata(expression) => match expression.evaluate(scope.view(&dollar))? {
                Value::String(arn) => Ok(arn),
                other => Err(expression.unexpected("string", &other)),
            },
        }
    }
}

pub(super) fn read(fields: &mut Fields<'_>) -> Option<Credentials> {
    let mut inner = fields.inside("Credentials")?;
    let (here, path) = ("RoleArn", "RoleArn.$");
    let paths = inner.language == Language::JsonPath;
    let given = inner.has(here) || paths && inner.has(path);
    if !given {
        let message = "The field 'RoleArn' is required but was missing";
        inner.report.schema(&inner.pointer, message);
        // AWS says no more about the object then.
        return None;
    }
    let read = if paths { read_path(&mut inner) } else { read_jsonata(&mut inner) };
    inner.finish();
    read
}

fn read_path(fields: &mut Fields<'_>) -> Option<Credentials> {
    fields.one_of(&["RoleArn", "RoleArn.$"], true);
    if let Some(arn) = fields.text("RoleArn") {
        return Some(Credentials::Fixed(arn.to_owned()));
    }
    match Expression::parse(fields.text("RoleArn.$")?) {
        Ok(expression) => {
            expression.refer(fields.report);
            Some(Credentials::Path(expression))
        }
        Err(why) => {
            let message =
                format!("Value must be a valid JSONPath or a valid intrinsic function call ({why})");
            fields.report.schema(&fields.at("RoleArn.$"), message);
            None
        }
    }
}

fn read_jsonata(fields: &mut Fields<'_>) -> Option<Credentials> {
    match Given::<String>::expression(fields, "RoleArn") {
        Some(Some(Given::Jsonata(expression))) => Some(Credentials::Jsonata(expression)),
        Some(_) => None,
        None => fields.text("RoleArn").map(|arn| Credentials::Fixed(arn.to_owned())),
    }
}
