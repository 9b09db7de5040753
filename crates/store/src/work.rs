//! Work that is to be done: the outbox and the wake-ups, in one table.

use std::collections::HashSet;

use trainyard_domain::Timestamp;

/// A piece of work: somebody on `topic` must do it at `due` or later, at least once. It stays until it is
/// finished ([`crate::Changes::finish`]), best in the same commit as what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkItem {
    /// Who does it.
    pub topic: &'static str,
    /// Its name within the topic: scheduling the same id again replaces it.
    pub id: String,
    /// Not before this. [`Timestamp::default`] means at once, in the order of scheduling.
    pub due: Timestamp,
    /// What the doer needs to know; often empty.
    pub body: String,
    /// Which scheduling of this id it is; set by the store when the work is read, and not looked at when it is
    /// scheduled. Work that was scheduled anew while it was being done is not finished by the old doer.
    pub revision: u64,
}

impl WorkItem {
    /// Work to be done at once.
    pub fn now(topic: &'static str, id: impl Into<String>, body: impl Into<String>) -> Self {
        Self { topic, id: id.into(), due: Timestamp::default(), body: body.into(), revision: 0 }
    }

    /// Work to be done at `due`.
    pub fn at(topic: &'static str, id: impl Into<String>, due: Timestamp, body: impl Into<String>) -> Self {
        Self { topic, id: id.into(), due, body: body.into(), revision: 0 }
    }
}

/// The work of a topic at a moment.
#[derive(Clone, Debug, Default)]
pub struct Agenda {
    /// What is due and was not known, in order of due time and scheduling.
    pub due: Vec<WorkItem>,
    /// What was known, by revision, and is still due: all of it if there is less in `due` than was asked for.
    pub known: HashSet<u64>,
    /// When the first that is not yet due will be.
    pub next: Option<Timestamp>,
}
