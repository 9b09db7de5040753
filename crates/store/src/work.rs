//! Work that is to be done: the outbox and the wake-ups, in one table.

use std::{borrow::Cow, collections::HashSet};

use trainyard_domain::Timestamp;

use crate::beside;

/// A piece of work: somebody on `topic` must do it at `due` or later, at least once. It stays until it is
/// finished ([`crate::Changes::finish`]), best in the same commit as what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkItem {
    /// Who does it.
    pub topic: &'static str,
    /// What it needs that other work of the topic does not: no lane is kept waiting by another. Empty where all of a
    /// topic's work is alike.
    pub lane: String,
    /// Its name within the topic and lane: scheduling the same id again replaces it.
    pub id: String,
    /// Not before this. [`Timestamp::default`] means at once, in the order of scheduling.
    pub due: Timestamp,
    /// What the doer needs to know; often empty.
    pub body: String,
    /// Which scheduling of this id it is; set by the store when the work is read, and not looked at when it is
    /// scheduled. Work that was scheduled anew while it was being done is not finished by the old doer.
    pub revision: u64,
    /// Whether texts of its body that are larger than 256 KiB lie beside the store; not looked at when it is read.
    pub spills: bool,
}

impl WorkItem {
    /// Work to be done at once.
    pub fn now(topic: &'static str, id: impl Into<String>, body: impl Into<String>) -> Self {
        Self::at(topic, id, Timestamp::default(), body)
    }

    /// Work to be done at `due`.
    pub fn at(topic: &'static str, id: impl Into<String>, due: Timestamp, body: impl Into<String>) -> Self {
        Self { topic, lane: String::new(), id: id.into(), due, body: body.into(), revision: 0, spills: false }
    }

    /// The same with a body, in JSON, of which texts that are larger than 256 KiB lie beside the store. Who does it gets
    /// the whole of it by [`crate::Store::body`].
    #[must_use]
    pub fn spilling(self) -> Self {
        Self { spills: true, ..self }
    }

    /// The body with empty texts where those lie beside the store; none if that cannot be read.
    pub fn without_texts(&self) -> Option<Cow<'_, str>> {
        match beside::is_torn(&self.body) {
            true => beside::without(&self.body).ok().map(Cow::Owned),
            false => Some(Cow::Borrowed(&self.body)),
        }
    }

    /// The same in a lane.
    #[must_use]
    pub fn in_lane(self, lane: impl Into<String>) -> Self {
        Self { lane: lane.into(), ..self }
    }
}

/// The work of a lane at a moment.
#[derive(Clone, Debug, Default)]
pub struct Agenda {
    /// What is due and was not known, in order of due time and scheduling.
    pub due: Vec<WorkItem>,
    /// What was known, by revision, and is still due: all of it unless there may be `more`.
    pub known: HashSet<u64>,
    /// When the first that is not yet due will be.
    pub next: Option<Timestamp>,
    /// Whether there may be more that is due.
    pub more: bool,
}

/// A topic and lane as one text: no topic has a slash.
pub(crate) fn stored<'a>(topic: &'a str, lane: &str) -> Cow<'a, str> {
    if lane.is_empty() { topic.into() } else { format!("{topic}/{lane}").into() }
}
