//! Payload templates: JSON in which the members whose names end in `.$` are paths or function calls.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-inputpath-params.html>

use serde_json::Value;

use super::{
    diagnostic::Report,
    fault::Fault,
    fields::{Fields, below},
    intrinsics::{Call, CallFault},
    path::{Missing, Path},
    scope::View,
    tree::Tree,
};

/// A template, checked and ready to be filled.
pub type Template = Tree<Member>;

/// A member `<name>.$`.
#[derive(Clone, Debug, PartialEq)]
pub struct Member {
    /// `<name>.$`, for messages.
    field: String,
    /// What it is filled with.
    expression: Expression,
}

/// A path or a function call.
#[derive(Clone, Debug, PartialEq)]
pub enum Expression {
    /// `$.a`, `$$.b`
    Path(Path),
    /// `States.…(…)`
    Call(Call),
}

impl Expression {
    /// Reads a path or a function call; the reason is for a person.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.starts_with('$') {
            return text.parse().map(Self::Path).map_err(|e: super::path::NotAPath| e.to_string());
        }
        Call::parse(text).map(Self::Call)
    }

    /// Notes the variables that it refers to.
    pub(crate) fn refer(&self, report: &Report) {
        match self {
            Self::Path(path) => path.variable().into_iter().for_each(|variable| report.refer(variable)),
            Self::Call(call) => call.variables().into_iter().for_each(|variable| report.refer(variable)),
        }
    }

    /// The value of the field named `field`.
    pub(crate) fn evaluate(&self, field: &str, view: View<'_>) -> Result<Value, Fault> {
        match self {
            Self::Path(path) => view.read(path).map_err(|missing| not_found(path, field, &missing, view)),
            Self::Call(call) => call.evaluate(view).map_err(|fault| match fault {
                CallFault::NoArgument(why) => Fault::runtime(why),
                CallFault::Failed(why) => Fault::intrinsic(why),
                CallFault::Fault(fault) => fault,
            }),
        }
    }
}

fn not_found(path: &Path, field: &str, missing: &Missing, view: View<'_>) -> Fault {
    match missing {
        Missing::NoResult(_) => Fault::runtime(format!(
            "The JSONPath '{}' specified for the field '{field}' could not be found in the input '{}'",
            path.text(),
            view.dollar
        )),
        Missing::TooMuch => Fault::too_large(format!(
            "The JSONPath '{}' specified for the field '{field}' selects too much.",
            path.text()
        )),
    }
}

impl Tree<Member> {
    /// Reads a template that stands at `pointer`, reporting all that is wrong with it.
    pub(crate) fn parse(value: &Value, pointer: &str, report: &Report) -> Self {
        match value {
            Value::Object(members) => {
                let read = |(name, value): (&String, &Value)| match name.strip_suffix(".$") {
                    Some(short) => (short.to_owned(), expression(name, value, pointer, report)),
                    None => (name.clone(), Self::parse(value, &below(pointer, name), report)),
                };
                Self::object(value, members.iter().map(read).collect())
            }
            Value::Array(items) => {
                let read = |(at, item)| Self::parse(item, &format!("{pointer}/{at}"), report);
                Self::array(value, items.iter().enumerate().map(read).collect())
            }
            _ => Self::Literal(value.clone()),
        }
    }

    /// Fills the template.
    pub(crate) fn fill(&self, view: View<'_>) -> Result<Value, Fault> {
        self.fill_with(view, &|Member { field, expression }| expression.evaluate(field, view))
    }
}

/// A broken expression is reported and stands in the tree as `null`, which nothing runs.
fn expression(name: &str, value: &Value, pointer: &str, report: &Report) -> Template {
    let read = match value {
        Value::String(text) => Expression::parse(text),
        _ => Err("it is not a string".to_owned()),
    };
    match read {
        Ok(expression) => {
            expression.refer(report);
            Template::Leaf(Member { field: name.to_owned(), expression })
        }
        Err(why) => {
            report.schema(
                pointer,
                format!(
                    "The value for the field '{name}' must be a valid JSONPath or a valid intrinsic function call \
                     ({why})"
                ),
            );
            Template::Literal(Value::Null)
        }
    }
}

/// Reads the field, if it is there.
pub(crate) fn read_template(fields: &mut Fields<'_>, name: &'static str) -> Option<Template> {
    let pointer = fields.at(name);
    let value = fields.value(name)?;
    Some(Template::parse(value, &pointer, fields.report))
}
