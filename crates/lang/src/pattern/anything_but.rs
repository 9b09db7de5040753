//! `{"anything-but": …}`: any value but these, or but those that fit these.

use std::{cmp::Ordering, sync::Arc};

use super::{
    equals_ignore_case::{fold, folds_to},
    operator::{Handle, Operator, fault, only_key},
    read::Places,
    refused::Fault,
    value::{Bound, Scalar},
    wildcard::Wildcard,
};
use crate::source::{Content, Node};

#[derive(Debug)]
enum AnythingBut {
    Texts(Vec<String>),
    Numbers(Vec<Bound>),
    AnyCase(Vec<String>),
    Prefixes(Vec<String>),
    Suffixes(Vec<String>),
    Wildcards(Vec<Wildcard>),
}

pub(super) fn read(node: &Node) -> Result<Arc<dyn Operator>, Fault> {
    Ok(Arc::new(match &node.content {
        Content::Map(entries) => match entries.first() {
            None => return Err(fault("Anything-But expression name not found", node.end)),
            Some(entry) => {
                let read = fitting(&entry.key, &entry.value)?;
                only_key(node)?;
                read
            }
        },
        _ => values(node)?,
    }))
}

fn values(node: &Node) -> Result<AnythingBut, Fault> {
    let (mut texts, mut numbers) = (Vec::new(), Vec::new());
    for (value, times) in operands(node)? {
        match &value.content {
            Content::Text(text) => texts.push(text.clone()),
            Content::Number(raw) => numbers.push(Bound::of_json(raw)),
            _ => {
                let reason = "Inside anything but list, start|null|boolean is not supported.";
                return Err(Fault { times, ..fault(reason, value.behind_token()) });
            }
        }
    }
    match (texts.is_empty(), numbers.is_empty()) {
        (false, true) => Ok(AnythingBut::Texts(texts)),
        (true, false) => Ok(AnythingBut::Numbers(numbers)),
        _ => Err(fault(
            "Inside anything but list, either all values are number or string, mixed type is not supported",
            node.end,
        )),
    }
}

fn fitting(operator: &str, node: &Node) -> Result<AnythingBut, Fault> {
    let wrong_type = match operator {
        "prefix" | "suffix" => "prefix/suffix match pattern must be a string",
        "wildcard" => "wildcard match pattern must be a string",
        "equals-ignore-case" => {
            "Inside anything-but/equals-ignore-case list, number|start|null|boolean is not supported."
        }
        _ => return Err(fault(format!("Unsupported anything-but pattern: {operator}"), node.start)),
    };
    let mut texts = Vec::new();
    for (value, times) in operands(node)? {
        let text =
            value.as_text().ok_or_else(|| Fault { times, ..fault(wrong_type, value.behind_token()) })?;
        if text.is_empty() && matches!(operator, "prefix" | "suffix") {
            return Err(Fault { times, ..fault("Null prefix/suffix not allowed", value.end) });
        }
        texts.push(text.to_owned());
    }
    Ok(match operator {
        "prefix" => AnythingBut::Prefixes(texts),
        "suffix" => AnythingBut::Suffixes(texts),
        "equals-ignore-case" => {
            AnythingBut::AnyCase(texts.iter().map(|text| fold(text).into_owned()).collect())
        }
        _ => {
            let parsed = texts.iter().map(|text| Wildcard::parse(text)).collect::<Result<_, _>>();
            AnythingBut::Wildcards(parsed.map_err(|reason| fault(reason, node.end))?)
        }
    })
}

/// The single value or the members of the list, each with how often AWS names the place of a fault in it.
fn operands(node: &Node) -> Result<Vec<(&Node, usize)>, Fault> {
    match &node.content {
        Content::List(items) => Ok(items.iter().map(|item| (item, 2)).collect()),
        Content::Text(_) | Content::Number(_) => Ok(vec![(node, 1)]),
        _ => Err(fault(
            "Value of anything-but must be an array or single string/number value.",
            node.behind_token(),
        )),
    }
}

impl Operator for AnythingBut {
    fn passes(&self, value: &Scalar<'_>) -> bool {
        let any = |these: &[String], fits: fn(&str, &str) -> bool| matches!(value, Scalar::Text(text) if these.iter().any(|this| fits(text, this)));
        let excluded = match self {
            Self::Texts(these) => any(these, |text, this| text == this),
            Self::Prefixes(these) => any(these, |text, this| text.starts_with(this)),
            Self::Suffixes(these) => any(these, |text, this| text.ends_with(this)),
            Self::AnyCase(these) => any(these, folds_to),
            Self::Wildcards(these) => {
                matches!(value, Scalar::Text(text) if these.iter().any(|this| this.fits(text)))
            }
            Self::Numbers(these) => {
                matches!(value, Scalar::Number(number) if these.iter().any(|this| number.compare(this) == Ordering::Equal))
            }
        };
        !excluded
    }

    fn handle(&self) -> Handle<'_> {
        Handle::Any
    }

    fn wildcards(&self) -> &[Wildcard] {
        if let Self::Wildcards(these) = self { these } else { &[] }
    }
}
