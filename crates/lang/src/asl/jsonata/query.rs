//! JSON in which texts may be expressions.

use serde_json::{Map, Value};

use super::Expression;
use crate::asl::{diagnostic::Report, fault::Fault, fields::Place, scope::View};

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
    /// Reads what stands at that place, reporting all that is wrong with it; what is broken is `null` then.
    pub(crate) fn parse(value: &Value, place: &Place, report: &Report) -> Self {
        match value {
            Value::Object(members) => {
                let read = |(name, value): (&String, &Value)| {
                    (name.clone(), Self::parse(value, &place.member(name), report))
                };
                let members: Vec<_> = members.iter().map(read).collect();
                if members.iter().all(|(_, member)| matches!(member, Self::Literal(_))) {
                    return Self::Literal(value.clone());
                }
                Self::Object(members)
            }
            Value::Array(items) => {
                let read = |(at, item)| Self::parse(item, &place.item(at), report);
                let items: Vec<_> = items.iter().enumerate().map(read).collect();
                if items.iter().all(|item| matches!(item, Self::Literal(_))) {
                    return Self::Literal(value.clone());
                }
                Self::Array(items)
            }
            Value::String(text) => match Expression::inside(text) {
                Some(inside) => Expression::read(inside, place, report)
                    .map_or(Self::Literal(Value::Null), Self::Expression),
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
        match self {
            Self::Literal(value) => {
                view.scope.spend(value)?;
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
