//! What every operator is, and the table of them.

use std::{fmt::Debug, sync::Arc};

use super::{
    anything_but,
    cidr::{self, Block},
    equals_ignore_case, exact, exists, numeric, prefix,
    read::Places,
    refused::Fault,
    suffix,
    value::Scalar,
    wildcard::{self, Wildcard},
};
use crate::source::{Content, Node, Pointer, Position};

/// One test of a field.
pub(crate) trait Operator: Debug + Send + Sync {
    /// Whether a value of the field passes. Values are scalars: a list passes if a member does.
    fn passes(&self, value: &Scalar<'_>) -> bool;

    /// Whether an event without the field passes.
    fn passes_absent(&self) -> bool {
        false
    }

    /// How the values that pass are found.
    fn handle(&self) -> Handle<'_>;

    /// The wildcards in it.
    fn wildcards(&self) -> &[Wildcard] {
        &[]
    }
}

/// By what a test is found for a value. Every value that passes is found so; a value that is found may still fail.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Handle<'a> {
    /// This text.
    Text(&'a str),
    /// A text that folds to this.
    AnyCase(&'a str),
    /// A text that begins so.
    Prefix(&'a str),
    /// A text that begins so when it is folded.
    PrefixAnyCase(&'a str),
    /// A text that ends so.
    Suffix(&'a str),
    /// A text that ends so when it is folded.
    SuffixAnyCase(&'a str),
    /// A text with all of these in it.
    Pieces(&'a [String]),
    /// The text of an address in this block.
    Block(Block),
    /// A number whose nearest float is in this closed range.
    Range(f64, f64),
    /// This one of the two.
    Bool(bool),
    /// `null`.
    Null,
    /// Any value.
    Any,
    /// No value.
    Absent,
}

/// Reads what stands behind an operator's name.
type Read = fn(&Node) -> Result<Arc<dyn Operator>, Fault>;

/// The operators by name.
pub(super) const OPERATORS: &[(&str, Read)] = &[
    ("exactly", exact::read),
    ("prefix", prefix::read),
    ("suffix", suffix::read),
    ("anything-but", anything_but::read),
    ("exists", exists::read),
    ("numeric", numeric::read),
    ("equals-ignore-case", equals_ignore_case::read),
    ("wildcard", wildcard::read),
    ("cidr", cidr::read),
];

/// Reads one member of a field's list: a plain value or `{operator: operand}`.
pub(super) fn read(node: &Node) -> Result<Arc<dyn Operator>, Fault> {
    let entry = match &node.content {
        Content::List(_) => {
            return Err(fault(
                "Match value must be String, number, true, false, or null",
                node.behind_token(),
            ));
        }
        Content::Map(entries) => entries.first(),
        _ => return Ok(exact::value(node)),
    };
    let entry = entry.ok_or_else(|| fault("Match expression name not found", node.end))?;
    let Some((_, read)) = OPERATORS.iter().find(|(name, _)| *name == entry.key) else {
        let reason = format!("Unrecognized match type {}", entry.key);
        // AWS's reader has gone one token further when it looks the name up.
        return Err(fault(reason, entry.value.behind_token()));
    };
    let test = read(&entry.value)?;
    only_key(node)?;
    Ok(test)
}

/// Refuses a second key beside an operator.
pub(super) fn only_key(node: &Node) -> Result<(), Fault> {
    match node.entries().get(1) {
        None => Ok(()),
        Some(second) => Err(fault("Only one key allowed in match expression", second.key_start)),
    }
}

/// A fault that AWS names the place of.
pub(super) fn fault(reason: impl Into<String>, at: Position) -> Fault {
    Fault { reason: reason.into(), at: Some(at), times: 1, pointer: Pointer::root() }
}

/// The text of an operand, or the fault that `operator` needs one.
pub(super) fn text_operand<'a>(operator: &str, node: &'a Node) -> Result<&'a str, Fault> {
    node.as_text()
        .ok_or_else(|| fault(format!("{operator} match pattern must be a string"), node.behind_token()))
}

/// The text in `{"equals-ignore-case": text}` behind `prefix` or `suffix`.
pub(super) fn ignore_case_operand<'a>(operator: &str, node: &'a Node) -> Result<&'a str, Fault> {
    let mut title = operator.to_owned();
    title[..1].make_ascii_uppercase();
    let entry = node
        .entries()
        .first()
        .ok_or_else(|| fault(format!("{title} expression name not found"), node.end))?;
    if entry.key != "equals-ignore-case" {
        return Err(fault(format!("Unsupported {operator} pattern: {}", entry.key), entry.value.start));
    }
    let text = text_operand("equals-ignore-case", &entry.value)?;
    only_key(node)?;
    Ok(text)
}
