//! The conditions of Choice states: one file per family of operators.

mod boolean;
mod is;
mod numeric;
mod order;
mod read;
mod string;
mod timestamp;

use std::{borrow::Cow, cmp::Ordering};

use serde_json::Value;

use super::{
    fault::Fault,
    flow::Exit,
    jsonata::Expression,
    path::{Found, Missing, Path},
    scope::View,
};

pub(crate) use self::read::read_choice;
use self::{is::Kind, order::Relation};

/// One entry of `Choices`.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    /// When it is taken.
    pub condition: Condition,
    /// Where it leads.
    pub next: String,
    /// What it hands on: `Assign` and, in JSONata, `Output`.
    pub exit: Exit,
}

/// A condition on the state's input.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// `And`
    And(Vec<Condition>),
    /// `Or`
    Or(Vec<Condition>),
    /// `Not`
    Not(Box<Condition>),
    /// A test of one variable.
    Test {
        /// The variable.
        variable: Path,
        /// What is asked of it.
        test: Test,
    },
    /// `Condition` of JSONata.
    Jsonata(Expression),
}

/// What is asked of a variable.
#[derive(Clone, Debug, PartialEq)]
pub struct Test(Operator);

#[derive(Clone, Debug, PartialEq)]
enum Operator {
    Present(bool),
    Is { kind: Kind, expected: bool },
    Boolean(Operand),
    Numeric(Relation, Operand),
    String(Relation, Operand),
    Timestamp(Relation, Operand),
    Matches(String),
}

/// What a variable is compared with.
#[derive(Clone, Debug, PartialEq)]
enum Operand {
    Literal(Value),
    Path(Path),
}

impl Condition {
    /// Whether the condition holds. A variable that is not there is a fault, except for `IsPresent`; a variable of
    /// another type than the operator's just does not match.
    pub(crate) fn holds(&self, view: View<'_>) -> Result<bool, Fault> {
        match self {
            Self::And(all) => {
                for one in all {
                    if !one.holds(view)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Or(all) => {
                for one in all {
                    if one.holds(view)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Not(one) => Ok(!one.holds(view)?),
            Self::Test { variable, test } => test.0.holds(variable, view),
            Self::Jsonata(expression) => match expression.evaluate(view)? {
                Value::Bool(holds) => Ok(holds),
                other => Err(expression.unexpected("boolean", &other)),
            },
        }
    }
}

impl Operator {
    fn holds(&self, variable: &Path, view: View<'_>) -> Result<bool, Fault> {
        if let Self::Present(expected) = self {
            return match view.look(variable) {
                Ok(_) => Ok(*expected),
                Err(Missing::NoResult(_)) => Ok(!*expected),
                Err(Missing::TooMuch) => Err(invalid(variable)),
            };
        }
        let value = view.look(variable).map_err(|_| invalid(variable))?.into_cow();
        let ordered = |relation: &Relation,
                       operand: &Operand,
                       order: fn(&Value, &Value) -> Option<Ordering>| {
            Ok(order(&value, operand.value(view)?.as_ref()).is_some_and(|ordering| relation.holds(ordering)))
        };
        match self {
            Self::Present(_) => Ok(false),
            Self::Is { kind, expected } => Ok(kind.is(&value) == *expected),
            Self::Boolean(operand) => Ok(boolean::equal(&value, operand.value(view)?.as_ref())),
            Self::Numeric(relation, operand) => ordered(relation, operand, numeric::order),
            Self::String(relation, operand) => ordered(relation, operand, string::order),
            Self::Timestamp(relation, operand) => ordered(relation, operand, timestamp::order),
            Self::Matches(pattern) => Ok(value.as_str().is_some_and(|text| string::matches(pattern, text))),
        }
    }
}

impl Operand {
    fn value<'s>(&'s self, view: View<'s>) -> Result<Cow<'s, Value>, Fault> {
        match self {
            Self::Literal(value) => Ok(Cow::Borrowed(value)),
            Self::Path(path) => view.look(path).map(Found::into_cow).map_err(|_| invalid(path)),
        }
    }
}

fn invalid(path: &Path) -> Fault {
    Fault::runtime(format!(
        "Invalid path '{}': The choice state's condition path references an invalid value.",
        path.text()
    ))
}
