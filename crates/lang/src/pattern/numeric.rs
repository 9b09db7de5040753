//! `{"numeric": [">", 0, "<=", 5]}`: numbers in a range.

use std::sync::Arc;

use serde_json::Value;

use super::{
    decimal::Decimal,
    operator::{Operator, fault},
    read::Places,
    refused::Fault,
};
use crate::source::{Content, Node, Position};

#[derive(Debug)]
struct Numeric {
    bounds: Vec<(Comparison, Decimal)>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Comparison {
    Equal,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

pub(super) fn read(node: &Node) -> Result<Arc<dyn Operator>, Fault> {
    let Content::List(members) = &node.content else {
        return Err(fault("Value of numeric must be an array.", node.behind_token()));
    };
    let first = bound(members, node.end, |name| format!("Unrecognized numeric range operator: {name}"))?;
    let rest = &members[2..];
    let opens_range = matches!(first.0, Comparison::Greater | Comparison::GreaterOrEqual);
    match rest.first() {
        None => return Ok(Arc::new(Numeric { bounds: vec![first] })),
        Some(more) if !opens_range => {
            return Err(fault("Too many elements in numeric expression", more.behind_token()));
        }
        Some(more) if more.as_text().is_none() => {
            let shown = more.scalar_text().unwrap_or_default();
            return Err(fault(format!("Bad value in numeric range: {shown}"), more.behind_token()));
        }
        Some(_) => {}
    }
    let bad = |name: &str| format!("Bad numeric range operator: {name}");
    let second = bound(rest, node.end, bad)?;
    if !matches!(second.0, Comparison::Less | Comparison::LessOrEqual) {
        return Err(fault(bad(rest[0].as_text().unwrap_or_default()), rest[0].end));
    }
    if let Some(more) = rest.get(2) {
        return Err(fault("Too many terms in numeric range expression", more.behind_token()));
    }
    if first.1 > second.1 {
        return Err(fault("Bottom must be less than top", node.end));
    }
    Ok(Arc::new(Numeric { bounds: vec![first, second] }))
}

/// A comparison and its number at the head of `members`.
fn bound(
    members: &[Node],
    list_end: Position,
    unknown: impl Fn(&str) -> String,
) -> Result<(Comparison, Decimal), Fault> {
    let Some(operator) = members.first() else {
        return Err(fault("Invalid member in numeric match: ]", list_end));
    };
    let Some(name) = operator.as_text() else {
        let shown = operator.scalar_text().unwrap_or_default();
        return Err(fault(format!("Invalid member in numeric match: {shown}"), operator.behind_token()));
    };
    let comparison = match name {
        "=" => Comparison::Equal,
        "<" => Comparison::Less,
        "<=" => Comparison::LessOrEqual,
        ">" => Comparison::Greater,
        ">=" => Comparison::GreaterOrEqual,
        _ => return Err(fault(unknown(name), members.get(1).map_or(list_end, Places::behind_token))),
    };
    match members.get(1).map(|n| &n.content) {
        Some(Content::Number(raw)) => Ok((comparison, Decimal::of_json(raw))),
        _ => {
            let name = if comparison == Comparison::Equal { "equals" } else { name };
            let at = members.get(1).map_or(list_end, Places::behind_token);
            Err(fault(format!("Value of {name} must be numeric"), at))
        }
    }
}

impl Operator for Numeric {
    fn matches(&self, value: &Value) -> bool {
        let Value::Number(value) = value else { return false };
        let value = Decimal::of(value);
        self.bounds.iter().all(|(comparison, bound)| match comparison {
            Comparison::Equal => value == *bound,
            Comparison::Less => value < *bound,
            Comparison::LessOrEqual => value <= *bound,
            Comparison::Greater => value > *bound,
            Comparison::GreaterOrEqual => value >= *bound,
        })
    }
}
