//! `{"suffix": "text"}` and `{"suffix": {"equals-ignore-case": "text"}}`.

use std::sync::Arc;

use serde_json::Value;

use super::{
    equals_ignore_case::fold,
    operator::{Operator, ignore_case_operand, text_operand},
    refused::Fault,
};
use crate::source::{Content, Node};

#[derive(Debug)]
enum Suffix {
    AsWritten(String),
    AnyCase(String),
}

pub(super) fn read(node: &Node) -> Result<Arc<dyn Operator>, Fault> {
    Ok(Arc::new(match node.content {
        Content::Map(_) => Suffix::AnyCase(fold(ignore_case_operand("suffix", node)?)),
        _ => Suffix::AsWritten(text_operand("suffix", node)?.to_owned()),
    }))
}

impl Operator for Suffix {
    fn matches(&self, value: &Value) -> bool {
        let Value::String(value) = value else { return false };
        match self {
            Self::AsWritten(suffix) => value.ends_with(suffix),
            Self::AnyCase(suffix) => fold(value).ends_with(suffix),
        }
    }
}
