//! `{"equals-ignore-case": "text"}`.

use std::{borrow::Cow, sync::Arc};

use super::{
    operator::{Handle, Operator, text_operand},
    refused::Fault,
    value::Scalar,
};
use crate::source::Node;

#[derive(Debug)]
struct EqualsIgnoreCase(String);

pub(super) fn read(node: &Node) -> Result<Arc<dyn Operator>, Fault> {
    Ok(Arc::new(EqualsIgnoreCase(fold(text_operand("equals-ignore-case", node)?).into_owned())))
}

/// The form in which texts that differ in case only are equal.
pub(crate) fn fold(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii() && !b.is_ascii_uppercase()) {
        Cow::Borrowed(text)
    } else {
        // Character by character: what a text begins with does not change by what follows.
        Cow::Owned(text.chars().flat_map(char::to_lowercase).collect())
    }
}

/// Whether the folded text is `folded`; most are told apart without folding.
pub(super) fn folds_to(text: &str, folded: &str) -> bool {
    if text.is_ascii() { text.eq_ignore_ascii_case(folded) } else { fold(text) == folded }
}

/// Whether the folded text begins with `folded`.
pub(super) fn begins_in_any_case(text: &str, folded: &str) -> bool {
    if !text.is_ascii() {
        return fold(text).starts_with(folded);
    }
    text.get(..folded.len()).is_some_and(|start| start.eq_ignore_ascii_case(folded))
}

/// Whether the folded text ends with `folded`.
pub(super) fn ends_in_any_case(text: &str, folded: &str) -> bool {
    if !text.is_ascii() {
        return fold(text).ends_with(folded);
    }
    let start = text.len().checked_sub(folded.len());
    start.and_then(|at| text.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(folded))
}

impl Operator for EqualsIgnoreCase {
    fn passes(&self, value: &Scalar<'_>) -> bool {
        matches!(value, Scalar::Text(text) if folds_to(text, &self.0))
    }

    fn handle(&self) -> Handle<'_> {
        Handle::AnyCase(&self.0)
    }
}
