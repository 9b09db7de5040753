//! `{"exists": true}` and `{"exists": false}`: whether the event has the field, as a leaf.

use std::sync::Arc;

use super::{
    operator::{Handle, Operator, fault},
    read::Places,
    refused::Fault,
    value::Scalar,
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
    fn passes(&self, _value: &Scalar<'_>) -> bool {
        self.0
    }

    fn passes_absent(&self) -> bool {
        !self.0
    }

    fn handle(&self) -> Handle<'_> {
        if self.0 { Handle::Any } else { Handle::Absent }
    }
}
