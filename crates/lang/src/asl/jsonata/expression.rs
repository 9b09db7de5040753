//! One expression.

use std::sync::Arc;

use jsonata_core::{ast::AstNode, evaluator::EvaluatorError, parser, value::JValue};
use serde_json::Value;

use super::{
    check::{self, Refusal},
    convert::{self, NoJson},
    evaluate::{contained, evaluate},
    guard,
    names::Names,
};
use crate::asl::{diagnostic::Report, fault::Fault, fields::Place, scope::View};

/// The most bytes of an expression. <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
const LENGTH: usize = 8_192;

/// What stands between `{%` and `%}`, checked.
#[derive(Clone, Debug)]
pub struct Expression {
    text: String,
    /// Where it stands in its state, such as `Output/total`.
    field: String,
    ast: Arc<AstNode>,
    names: Arc<Names>,
    /// Whether there are bounds in the tree.
    fenced: bool,
}

impl PartialEq for Expression {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, &self.field) == (&other.text, &other.field)
    }
}

impl Expression {
    /// What stands between the braces of a text, if that is all there is.
    pub(crate) fn inside(text: &str) -> Option<&str> {
        text.strip_prefix("{%")?.strip_suffix("%}")
    }

    /// Reads an expression and reports what is wrong with it.
    pub(crate) fn read(text: &str, place: &Place, report: &Report) -> Option<Self> {
        match Self::parse(text, place) {
            Ok(expression) => {
                expression.variables().for_each(|variable| report.refer(variable));
                Some(expression)
            }
            Err(refusals) => {
                for Refusal { code, message } in refusals {
                    report.add(code, &place.pointer, message);
                }
                None
            }
        }
    }

    fn parse(text: &str, place: &Place) -> Result<Self, Vec<Refusal>> {
        let text = text.trim();
        if text.len() > LENGTH {
            let message = format!("The expression has more than {LENGTH} bytes");
            return Err(vec![Refusal { code: crate::asl::Code::InvalidJsonataExpression, message }]);
        }
        let parsed = contained(|| parser::parse(text)).ok_or_else(|| vec![check::unreadable()])?;
        let mut ast = parsed.map_err(|why| vec![check::broken(&why)])?;
        let names = Names::of(&ast);
        let refusals = check::refusals(&ast, &names, place.caught);
        if !refusals.is_empty() {
            return Err(refusals);
        }
        let fenced = guard::fence(&mut ast, &names.bound);
        Ok(Self {
            fenced,
            text: text.to_owned(),
            field: place.field.clone(),
            ast: Arc::new(ast),
            names: Arc::new(names),
        })
    }

    /// The text between the braces.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Where it stands in its state.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// The variables that it refers to and does not bind itself.
    pub fn variables(&self) -> impl Iterator<Item = &str> {
        let outside =
            |name: &&String| !self.names.bound.contains(*name) && !name.is_empty() && *name != "states";
        self.names.variables.iter().filter(outside).map(String::as_str)
    }

    /// The value that it gives.
    pub(crate) fn evaluate(&self, view: View<'_>) -> Result<Value, Fault> {
        let value = evaluate(&self.ast, &self.names, self.fenced, view).map_err(|why| self.threw(&why))?;
        if value.is_undefined() {
            return Err(self.fault("returned nothing (undefined)."));
        }
        let value = convert::to_json(&value, view.scope.result).map_err(|why| match why {
            NoJson::Kind => self.unsupported(&value),
            NoJson::TooMuch => Fault::too_large(format!("{} gives too much data.", self.subject())),
        })?;
        view.scope.spend(&value)?;
        Ok(value)
    }

    fn subject(&self) -> String {
        format!("The JSONata expression '{}' specified for the field '{}'", self.text, self.field)
    }

    fn fault(&self, what: &str) -> Fault {
        Fault::query(format!("{} {what}", self.subject())).located(&self.field)
    }

    fn unsupported(&self, _: &JValue) -> Fault {
        self.fault("returned an unsupported result type.")
    }

    /// A fault with a code of JSONata's is a sentence of its own.
    fn threw(&self, why: &EvaluatorError) -> Fault {
        let link = if why.code().is_some() { ". " } else { ": " };
        self.fault(&format!("threw an error during evaluation{link}{}", why.message()))
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
        self.fault(&format!(
            "returned an unexpected result type. Expected '{wanted}', but was '{kind}' for value: {value}"
        ))
    }
}
