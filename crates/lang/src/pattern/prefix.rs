//! `{"prefix": "text"}` and `{"prefix": {"equals-ignore-case": "text"}}`.

use std::sync::Arc;

use serde_json::Value;

use super::{
    equals_ignore_case::fold,
    operator::{Operator, ignore_case_operand, text_operand},
    refused::Fault,
};
use crate::source::{Content, Node};

#[derive(Debug)]
enum Prefix {
    AsWritten(String),
    AnyCase(String),
}

pub(super) fn read(node: &Node) -> Result<Arc<dyn Operator>, Fault> {
    Ok(Arc::new(match node.content {
        Content::Map(_) => Prefix::AnyCase(fold(ignore_case_operand("prefix", node)?)),
        _ => Prefix::AsWritten(text_operand("prefix", node)?.to_owned()),
    }))
}

impl Operator for Prefix {
    fn matches(&self, value: &Value) -> bool {
        let Value::String(value) = value else { return false };
        match self {
            Self::AsWritten(prefix) => value.starts_with(prefix),
            Self::AnyCase(prefix) => fold(value).starts_with(prefix),
        }
    }
}
