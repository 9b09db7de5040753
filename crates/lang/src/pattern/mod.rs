//! EventBridge event patterns: text to a checked pattern, and whether an event matches it.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>
//!
//! A new operator is one file and one line in [`operator::OPERATORS`].

mod anything_but;
mod cidr;
mod decimal;
mod equals_ignore_case;
mod event;
mod exact;
mod exists;
mod join;
mod numeric;
mod operator;
mod prefix;
mod read;
mod refused;
mod suffix;
mod wildcard;

use std::{collections::BTreeMap, sync::Arc};

use serde_json::Value;

pub use self::refused::Refused;
use self::{event::Leaves, operator::Operator, read::Reader};
use crate::source::json;

/// Longer patterns are refused, in characters: EventBridge's limit.
pub const MAX_CHARS: usize = 4096;

/// A checked pattern. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The pattern with its `$or`s multiplied out: one of these must match.
    alternatives: Arc<[Alternative]>,
}

/// Tests by the dotted name of the field they are for; for every field one of its tests must hold.
type Alternative = BTreeMap<String, Vec<Arc<dyn Operator>>>;

impl Pattern {
    /// Reads a pattern and reports all that is wrong with it. Of duplicate keys the last one counts.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        if text.chars().count() > MAX_CHARS {
            return Err(Refused::too_long(text));
        }
        let (root, _duplicates) = json::parse(text).map_err(|e| Refused::syntax(text, &e))?;
        let mut reader = Reader::default();
        let alternatives = reader.pattern(&root);
        if reader.faults.is_empty() {
            Ok(Self { alternatives: alternatives.into() })
        } else {
            Err(Refused::new(text, reader.faults))
        }
    }

    /// Whether the event, given as the envelope that EventBridge delivers, matches.
    pub fn matches(&self, event: &Value) -> bool {
        let wanted = self.alternatives.iter().flat_map(|a| a.keys().map(String::as_str)).collect();
        let leaves = Leaves::of(event, &wanted);
        self.alternatives.iter().any(|alternative| matches(alternative, &leaves))
    }
}

fn matches(alternative: &Alternative, leaves: &Leaves<'_>) -> bool {
    let mut memberships = Vec::new();
    for (path, tests) in alternative {
        let found = leaves.at(path);
        if found.is_empty() {
            if tests.iter().any(|test| test.matches_absent()) {
                continue;
            }
            return false;
        }
        let matching: Vec<_> = found
            .iter()
            .filter(|leaf| tests.iter().any(|test| test.matches(leaf.value)))
            .map(|leaf| leaf.membership.clone())
            .collect();
        if matching.is_empty() {
            return false;
        }
        memberships.push(matching);
    }
    join::consistent(memberships)
}

#[cfg(test)]
mod tests;
