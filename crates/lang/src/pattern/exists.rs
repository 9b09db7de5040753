//! `{"exists": true}` and `{"exists": false}`: whether the event has the field, as a leaf.

use std::sync::Arc;

use serde_json::Value;

use super::{
    operator::{Operator, fault},
    read::Places,
    refused::Fault,
};
use crate::source::Node;

#[derive(Debug)]
struct Exists(bool);

pub(super) fn read(node: &Node) -> Result<Arc<dyn Operator>, Fault> {
    let exists = node
        .as_bool()
        .ok_or_else(|| fault("exists match pattern must be either true or false.", node.behind_token()))?;
    Ok(Arc::new(Exists(exists)))
}

impl Operator for Exists {
    fn matches(&self, _value: &Value) -> bool {
        self.0
    }

    fn matches_absent(&self) -> bool {
        !self.0
    }
}
