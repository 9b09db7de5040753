//! `"text"`, `1.5`, `true`, `null`: the value itself. Numbers are equal by value, addresses however they are spelled.

use std::{cmp::Ordering, net::IpAddr, sync::Arc};

use super::{
    cidr::Block,
    operator::{Handle, Operator, text_operand},
    refused::Fault,
    value::{Bound, Scalar},
};
use crate::source::{Content, Node};

#[derive(Debug)]
enum Exact {
    Text(String),
    Address(IpAddr),
    Number(Bound),
    Bool(bool),
    Null,
}

/// `{"exactly": "text"}`.
pub(super) fn read(node: &Node) -> Result<Arc<dyn Operator>, Fault> {
    Ok(Arc::new(Exact::Text(text_operand("exact", node)?.to_owned())))
}

/// A plain value in the list.
pub(super) fn value(node: &Node) -> Arc<dyn Operator> {
    Arc::new(match &node.content {
        Content::Text(text) => text.parse().map_or_else(|_| Exact::Text(text.clone()), Exact::Address),
        Content::Number(raw) => Exact::Number(Bound::of_json(raw)),
        Content::Bool(value) => Exact::Bool(*value),
        // Lists and objects are no plain values: the reader of the list keeps them away.
        Content::Null | Content::List(_) | Content::Map(_) => Exact::Null,
    })
}

impl Operator for Exact {
    fn passes(&self, value: &Scalar<'_>) -> bool {
        match (self, value) {
            (Self::Text(text), Scalar::Text(value)) => text == value,
            (Self::Address(address), Scalar::Text(value)) => value.parse() == Ok(*address),
            (Self::Number(number), Scalar::Number(value)) => value.compare(number) == Ordering::Equal,
            (Self::Bool(this), Scalar::Bool(value)) => this == value,
            (Self::Null, Scalar::Null) => true,
            _ => false,
        }
    }

    fn handle(&self) -> Handle<'_> {
        match self {
            Self::Text(text) => Handle::Text(text),
            Self::Address(address) => Handle::Block(Block::of_one(*address)),
            Self::Number(number) => Handle::Range(number.float(), number.float()),
            Self::Bool(value) => Handle::Bool(*value),
            Self::Null => Handle::Null,
        }
    }
}
