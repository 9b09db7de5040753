//! Executions that a map run has started.

use serde::{Deserialize, Serialize};
use trainyard_domain::Arn;
use trainyard_store::{Changes, Error as StoreError, Expect, Keys, Noun};

use super::super::execution::{Execution, Status};

/// What an execution that a map run has started knows of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// The map run.
    pub map_run: Arn,
    /// Which one it is, from 0 on.
    pub index: u64,
    /// How many items it was given.
    pub items: u32,
    /// Where the Map state is in the definition: its processor is what is run.
    pub(in super::super) pointer: String,
    /// Whether it is express: it has little time, and no history is shown of it.
    pub(in super::super) express: bool,
}

impl Child {
    /// Whether it is an express execution.
    pub fn is_express(&self) -> bool {
        self.express
    }
}

/// Numbers as text that is ordered as they are.
pub(super) fn place(index: u64) -> String {
    format!("{index:012}")
}

/// What a map run's children are found by: `map-run` and `map-run-status` of an execution.
pub(in super::super) fn keys(child: &Child, status: Status, keys: &mut Keys) {
    let place = place(child.index);
    keys.add("map-run", format!("{}/{place}", child.map_run));
    keys.add("map-run-status", format!("{}/{}/{place}", child.map_run, status.as_str()));
}

/// A child has ended and its map run has not counted it yet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ChildEnd {
    map_run: Arn,
    index: u64,
    pub(super) status: Status,
    pub(super) items: u32,
}

impl Noun for ChildEnd {
    const KIND: &'static str = "map-run-child-end";

    fn scope(&self) -> String {
        self.map_run.to_string()
    }

    fn id(&self) -> String {
        place(self.index)
    }

    fn keys(&self, _: &mut Keys) {}
}

/// Has the map run, if there is one, count the end of this execution: in the commit that ends it.
pub(in super::super) fn ended(changes: &mut Changes, execution: &Execution) -> Result<(), StoreError> {
    let Some(child) = &execution.child else { return Ok(()) };
    let Child { map_run, index, items, .. } = child;
    let end = ChildEnd { map_run: map_run.clone(), index: *index, status: execution.status, items: *items };
    changes.put(&end, Expect::Any)?;
    super::wake(changes, execution, &map_run.to_string());
    Ok(())
}
