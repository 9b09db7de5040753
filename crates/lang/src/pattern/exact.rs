//! `"text"`, `1.5`, `true`, `null`: the value itself. Numbers are equal by value, addresses however they are spelled.

use std::{net::IpAddr, sync::Arc};

use serde_json::Value;

use super::{
    decimal::Decimal,
    operator::{Operator, text_operand},
    refused::Fault,
};
use crate::source::{Content, Node};

#[derive(Debug)]
enum Exact {
    Text(String),
    Address(IpAddr),
    Number(Decimal),
    Plain(Value),
}

/// `{"exactly": "text"}`.
pub(super) fn read(node: &Node) -> Result<Arc<dyn Operator>, Fault> {
    Ok(Arc::new(Exact::Text(text_operand("exact", node)?.to_owned())))
}

/// A plain value in the list.
pub(super) fn value(node: &Node) -> Arc<dyn Operator> {
    Arc::new(match &node.content {
        Content::Text(text) => text.parse().map_or_else(|_| Exact::Text(text.clone()), Exact::Address),
        Content::Number(raw) => Exact::Number(Decimal::of_json(raw)),
        _ => Exact::Plain(node.to_json()),
    })
}

impl Operator for Exact {
    fn matches(&self, value: &Value) -> bool {
        match (self, value) {
            (Self::Text(text), Value::String(value)) => text == value,
            (Self::Address(address), Value::String(value)) => value.parse() == Ok(*address),
            (Self::Number(number), Value::Number(value)) => *number == Decimal::of(value),
            (Self::Plain(plain), value) => plain == value,
            _ => false,
        }
    }
}
