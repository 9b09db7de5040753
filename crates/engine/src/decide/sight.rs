//! What the expressions of a state see.

use trainyard_lang::asl::Scope;

use super::{context::context, story::Story};
use crate::{Moment, Run, run::Entry};

/// The data of one evaluation of a state.
pub(super) struct Sight<'v> {
    run: &'v Run,
    entry: &'v Entry,
    task: Option<Option<&'v str>>,
    at: &'v Moment,
    seed: u64,
}

impl<'v> Sight<'v> {
    /// What a state other than a Task sees.
    pub(super) fn new(story: &'v Story<'_>, entry: &'v Entry) -> Self {
        Self { run: &story.run, entry, task: None, at: story.at, seed: story.seed() }
    }

    /// What a Task sees; the token only of one that waits.
    pub(super) fn of_task(story: &'v Story<'_>, entry: &'v Entry, token: Option<&'v str>) -> Self {
        Self { task: Some(token), ..Self::new(story, entry) }
    }

    /// What `look` makes of the scope over the state's input.
    pub(super) fn see<T>(&self, look: impl FnOnce(&Scope<'_>) -> T) -> T {
        let context = || context(self.run, self.entry, self.task);
        look(&Scope::new(&self.entry.input, self.seed).with_context(&context).at(self.at.now.millis()))
    }
}
