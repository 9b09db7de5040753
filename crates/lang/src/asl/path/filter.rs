//! What stands in `[?(…)]`.

use std::cmp::Ordering;

use serde_json::Value;

use super::{
    Step,
    eval::{Budget, TooMuch, select},
};
use crate::asl::parts::Node;

/// A condition on one element.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Filter {
    Any(Vec<Filter>),
    Every(Vec<Filter>),
    Not(Box<Filter>),
    Exists(Vec<Step>),
    Test { left: Operand, compare: Compare, right: Operand },
}

/// One side of a comparison.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Operand {
    /// `@…`
    Here(Vec<Step>),
    /// `$…`
    Root(Vec<Step>),
    Literal(Value),
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessEqual,
    Greater,
    GreaterEqual,
}

impl Compare {
    /// Longer tokens come before their beginnings.
    pub(super) const TOKENS: &[(&str, Self)] = &[
        ("==", Self::Equal),
        ("!=", Self::NotEqual),
        ("<=", Self::LessEqual),
        (">=", Self::GreaterEqual),
        ("<", Self::Less),
        (">", Self::Greater),
    ];

    fn holds(self, left: &Value, right: &Value) -> bool {
        match self {
            Self::Equal => equal(left, right),
            Self::NotEqual => !equal(left, right),
            Self::Less => order(left, right) == Some(Ordering::Less),
            Self::LessEqual => matches!(order(left, right), Some(Ordering::Less | Ordering::Equal)),
            Self::Greater => order(left, right) == Some(Ordering::Greater),
            Self::GreaterEqual => matches!(order(left, right), Some(Ordering::Greater | Ordering::Equal)),
        }
    }
}

fn equal(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(l), Value::Number(r)) => l == r || l.as_f64() == r.as_f64(),
        _ => left == right,
    }
}

fn order(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(l), Value::Number(r)) => l.as_f64()?.partial_cmp(&r.as_f64()?),
        (Value::String(l), Value::String(r)) => Some(l.cmp(r)),
        _ => None,
    }
}

impl Filter {
    pub(super) fn keeps(&self, here: &Value, root: Node<'_>, budget: &mut Budget) -> Result<bool, TooMuch> {
        match self {
            Self::Any(all) => {
                for one in all {
                    if one.keeps(here, root, budget)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Self::Every(all) => {
                for one in all {
                    if !one.keeps(here, root, budget)? {
                        return Ok(false);
                    }
                }
                Ok(true)
            }
            Self::Not(one) => Ok(!one.keeps(here, root, budget)?),
            Self::Exists(steps) => Ok(!select(steps, here, root, budget)?.is_empty()),
            Self::Test { left, compare, right } => {
                let left = left.values(here, root, budget)?;
                let right = right.values(here, root, budget)?;
                match (&left[..], &right[..]) {
                    ([left], [right]) => Ok(compare.holds(left, right)),
                    _ => Ok(false),
                }
            }
        }
    }
}

impl Operand {
    fn values<'v>(
        &'v self,
        here: &'v Value,
        root: Node<'v>,
        budget: &mut Budget,
    ) -> Result<Vec<&'v Value>, TooMuch> {
        match self {
            Self::Here(steps) => select(steps, here, root, budget),
            Self::Root(steps) => select(steps, root.value(), root, budget),
            Self::Literal(value) => Ok(vec![value]),
        }
    }
}
