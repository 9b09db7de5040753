//! `{"equals-ignore-case": "text"}`.

use std::sync::Arc;

use serde_json::Value;

use super::{
    operator::{Operator, text_operand},
    refused::Fault,
};
use crate::source::Node;

#[derive(Debug)]
struct EqualsIgnoreCase(String);

pub(super) fn read(node: &Node) -> Result<Arc<dyn Operator>, Fault> {
    Ok(Arc::new(EqualsIgnoreCase(fold(text_operand("equals-ignore-case", node)?))))
}

/// The form in which texts that differ in case only are equal.
pub(super) fn fold(text: &str) -> String {
    text.to_lowercase()
}

impl Operator for EqualsIgnoreCase {
    fn matches(&self, value: &Value) -> bool {
        value.as_str().is_some_and(|value| fold(value) == self.0)
    }
}
