//! EventBridge event patterns: text to a checked pattern. [`crate::matcher`] finds what matches.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-create-pattern-operators.html>
//!
//! A new operator is one file and one line in [`operator::OPERATORS`].

mod anything_but;
mod cidr;
mod complexity;
mod decimal;
mod equals_ignore_case;
mod exact;
mod exists;
mod numeric;
mod operator;
mod prefix;
mod read;
mod refused;
mod suffix;
mod value;
mod wildcard;

use std::{collections::BTreeMap, sync::Arc};

use self::read::Reader;
pub(crate) use self::{
    cidr::Block,
    equals_ignore_case::fold,
    operator::{Handle, Operator},
};
pub use self::{
    refused::Refused,
    value::{Number, Scalar},
};
use crate::source::{Content, json};

/// Longer patterns are refused, in characters: EventBridge's limit.
pub const MAX_CHARS: usize = 4096;

/// A checked pattern. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Pattern {
    /// The pattern with its `$or`s multiplied out: one of these must match.
    alternatives: Arc<[Alternative]>,
}

/// Tests by the dotted name of the field they are for; for every field one of its tests must hold.
pub(crate) type Alternative = BTreeMap<String, Arc<Tests>>;

/// The tests of one field: one of them must hold.
#[derive(Debug)]
pub(crate) struct Tests {
    /// As they were written: who writes the same means the same.
    pub(crate) written: String,
    pub(crate) tests: Vec<Arc<dyn Operator>>,
}

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
            let refused = Refused::new(text, reader.faults);
            Err(if matches!(root.content, Content::Map(_)) { refused } else { refused.of_no_object() })
        }
    }

    pub(crate) fn alternatives(&self) -> &[Alternative] {
        &self.alternatives
    }
}

#[cfg(test)]
mod tests;
