//! What the expressions of a state see, and the shaping that states have in common.

use serde_json::Value;
use trainyard_lang::asl::{Fault, Scope, Selection};

use super::{context::context, story::Story};
use crate::run::Entry;

/// The data of one evaluation of a state.
pub(super) struct Sight<'v> {
    /// The state's input, before `InputPath`.
    pub(super) raw: &'v Value,
    context: Value,
    seed: u64,
}

impl<'v> Sight<'v> {
    /// What a state other than a Task sees.
    pub(super) fn new(story: &Story<'_>, entry: &'v Entry) -> Self {
        Self { raw: &entry.input, context: context(&story.run, entry, None), seed: story.seed() }
    }

    /// What a Task sees; the token only of one that waits.
    pub(super) fn of_task(story: &Story<'_>, entry: &'v Entry, token: Option<&str>) -> Self {
        Self { raw: &entry.input, context: context(&story.run, entry, Some(token)), seed: story.seed() }
    }

    /// A scope in which `$` is `input`.
    pub(super) fn scope<'s>(&'s self, input: &'s Value) -> Scope<'s> {
        Scope::new(input, &self.context, self.seed)
    }

    /// The part of `value` that the selection takes.
    pub(super) fn take(&self, selection: &Selection, value: &Value) -> Result<Value, Fault> {
        selection.take(&self.scope(value))
    }
}
