//! What is noted about a state while it is tried by itself.

use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
};

use serde_json::Value;
use trainyard_domain::Failure;
use trainyard_lang::asl::{Recorder, Stage};

/// What becomes of the data, and of a failure. Executions have none: nothing is noted there.
#[derive(Debug, Default)]
pub(in crate::decide) struct Notes {
    /// What stands in place of the context object.
    pub(super) context: Option<Value>,
    pub(super) stages: RefCell<BTreeMap<Stage, Value>>,
    /// The last failure that a retrier or a catcher was found for.
    pub(super) failure: RefCell<Option<Failure>>,
    pub(super) retrier: Cell<Option<usize>>,
    pub(super) catcher: Cell<Option<usize>>,
}

impl Notes {
    /// The failure is for the retrier at this place, whether or not it has attempts left.
    pub(in crate::decide) fn retrier(&self, place: usize, failure: &Failure) {
        self.retrier.set(Some(place));
        self.failure.replace(Some(failure.clone()));
    }

    /// The failure is for the catcher at this place.
    pub(in crate::decide) fn catcher(&self, place: usize, failure: &Failure) {
        self.catcher.set(Some(place));
        self.failure.replace(Some(failure.clone()));
    }

    /// What stands in place of the context object, if anything does.
    pub(in crate::decide) fn context(&self) -> Option<&Value> {
        self.context.as_ref()
    }
}

impl Recorder for Notes {
    fn record(&self, stage: Stage, value: &Value) {
        self.stages.borrow_mut().insert(stage, value.clone());
    }
}
