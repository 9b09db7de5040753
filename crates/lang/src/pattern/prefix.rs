//! `{"prefix": "text"}` and `{"prefix": {"equals-ignore-case": "text"}}`.

use std::sync::Arc;

use super::{
    equals_ignore_case::{begins_in_any_case, fold},
    operator::{Handle, Operator, ignore_case_operand, text_operand},
    refused::Fault,
    value::Scalar,
};
use crate::source::{Content, Node};

#[derive(Debug)]
enum Prefix {
    AsWritten(String),
    AnyCase(String),
}

pub(super) fn read(node: &Node) -> Result<Arc<dyn Operator>, Fault> {
    Ok(Arc::new(match node.content {
        Content::Map(_) => Prefix::AnyCase(fold(ignore_case_operand("prefix", node)?).into_owned()),
        _ => Prefix::AsWritten(text_operand("prefix", node)?.to_owned()),
    }))
}

impl Operator for Prefix {
    fn passes(&self, value: &Scalar<'_>) -> bool {
        let Scalar::Text(value) = value else { return false };
        match self {
            Self::AsWritten(prefix) => value.starts_with(prefix),
            Self::AnyCase(prefix) => begins_in_any_case(value, prefix),
        }
    }

    fn handle(&self) -> Handle<'_> {
        match self {
            Self::AsWritten(prefix) => Handle::Prefix(prefix),
            Self::AnyCase(prefix) => Handle::PrefixAnyCase(prefix),
        }
    }
}
