//! JSON in which texts may be expressions.

use serde_json::{Map, Value};

use super::Expression;
use crate::asl::{
    diagnostic::Report,
    fault::Fault,
    fields::below,
    scope::{View, weight},
};

/// JSON with expressions in it, checked and ready to be filled.
#[derive(Clone, Debug, PartialEq)]
pub enum Query {
    /// JSON without anything to fill in.
    Literal(Value),
    /// An object with something to fill in.
    Object(Vec<(String, Query)>),
    /// A list with something to fill in.
    Array(Vec<Query>),
    /// `{% … %}`
    Expression(Expression),
}

impl Query {
    /// Reads what stands at `pointer`, which is `field` of its state, reporting all that is wrong with it.
    pub(crate) fn parse(value: &Value, field: &str, pointer: &str, report: &Report) -> Self {
        match value {
            Value::Object(members) => {
                let read = |(name, value): (&String, &Value)| {
                    (
                        name.clone(),
                        Self::parse(value, &format!("{field}/{name}"), &below(pointer, name), report),
                    )
                };
                let members: Vec<_> = members.iter().map(read).collect();
                if members.iter().all(|(_, member)| matches!(member, Self::Literal(_))) {
                    return Self::Literal(value.clone());
                }
                Self::Object(members)
            }
            Value::Array(items) => {
                let read = |(at, item)| {
                    Self::parse(item, &format!("{field}[{at}]"), &format!("{pointer}/{at}"), report)
                };
                let items: Vec<_> = items.iter().enumerate().map(read).collect();
                if items.iter().all(|item| matches!(item, Self::Literal(_))) {
                    return Self::Literal(value.clone());
                }
                Self::Array(items)
            }
            Value::String(text) => match Expression::inside(text) {
                Some(inside) => match Expression::parse(inside, field) {
                    Ok(expression) => Self::Expression(expression),
                    Err(why) => {
                        report.schema(pointer, why);
                        Self::Literal(Value::Null)
                    }
                },
                None => Self::Literal(value.clone()),
            },
            _ => Self::Literal(value.clone()),
        }
    }

    /// Fills it.
    pub(crate) fn fill(&self, view: View<'_>) -> Result<Value, Fault> {
        match self {
            Self::Literal(value) => {
                view.scope.spend(weight(value))?;
                Ok(value.clone())
            }
            Self::Object(members) => {
                let mut object = Map::new();
                for (name, member) in members {
                    object.insert(name.clone(), member.fill(view)?);
                }
                Ok(Value::Object(object))
            }
            Self::Array(items) => items.iter().map(|item| item.fill(view)).collect(),
            Self::Expression(expression) => expression.evaluate(view),
        }
    }
}
