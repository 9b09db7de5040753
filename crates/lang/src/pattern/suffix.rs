//! `{"suffix": "text"}` and `{"suffix": {"equals-ignore-case": "text"}}`.

use std::sync::Arc;

use super::{
    equals_ignore_case::{ends_in_any_case, fold},
    operator::{Handle, Operator, ignore_case_operand, text_operand},
    refused::Fault,
    value::Scalar,
};
use crate::source::{Content, Node};

#[derive(Debug)]
enum Suffix {
    AsWritten(String),
    AnyCase(String),
}

pub(super) fn read(node: &Node) -> Result<Arc<dyn Operator>, Fault> {
    Ok(Arc::new(match node.content {
        Content::Map(_) => Suffix::AnyCase(fold(ignore_case_operand("suffix", node)?).into_owned()),
        _ => Suffix::AsWritten(text_operand("suffix", node)?.to_owned()),
    }))
}

impl Operator for Suffix {
    fn passes(&self, value: &Scalar<'_>) -> bool {
        let Scalar::Text(value) = value else { return false };
        match self {
            Self::AsWritten(suffix) => value.ends_with(suffix),
            Self::AnyCase(suffix) => ends_in_any_case(value, suffix),
        }
    }

    fn handle(&self) -> Handle<'_> {
        match self {
            Self::AsWritten(suffix) => Handle::Suffix(suffix),
            Self::AnyCase(suffix) => Handle::SuffixAnyCase(suffix),
        }
    }
}
