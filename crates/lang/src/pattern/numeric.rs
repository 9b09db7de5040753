//! `{"numeric": [">", 0, "<=", 5]}`: numbers in a range.

use std::{cmp::Ordering, sync::Arc};

use super::{
    operator::{Handle, Operator, fault},
    read::Places,
    refused::Fault,
    value::{Bound, Scalar},
};
use crate::source::{Content, Node, Position};

#[derive(Debug)]
struct Numeric {
    bounds: Vec<(Comparison, Bound)>,
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
) -> Result<(Comparison, Bound), Fault> {
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
        Some(Content::Number(raw)) => Ok((comparison, Bound::of_json(raw))),
        _ => {
            let name = if comparison == Comparison::Equal { "equals" } else { name };
            let at = members.get(1).map_or(list_end, Places::behind_token);
            Err(fault(format!("Value of {name} must be numeric"), at))
        }
    }
}

impl Operator for Numeric {
    fn passes(&self, value: &Scalar<'_>) -> bool {
        let Scalar::Number(value) = value else { return false };
        self.bounds.iter().all(|(comparison, bound)| {
            let order = value.compare(bound);
            match comparison {
                Comparison::Equal => order == Ordering::Equal,
                Comparison::Less => order == Ordering::Less,
                Comparison::LessOrEqual => order != Ordering::Greater,
                Comparison::Greater => order == Ordering::Greater,
                Comparison::GreaterOrEqual => order != Ordering::Less,
            }
        })
    }

    fn handle(&self) -> Handle<'_> {
        let (mut low, mut high) = (f64::NEG_INFINITY, f64::INFINITY);
        for (comparison, bound) in &self.bounds {
            match comparison {
                Comparison::Equal => (low, high) = (bound.float(), bound.float()),
                Comparison::Less | Comparison::LessOrEqual => high = bound.float(),
                Comparison::Greater | Comparison::GreaterOrEqual => low = bound.float(),
            }
        }
        Handle::Range(low, high)
    }
}
