//! What the client was told, and what it asked without an answer: from this follows which states are legal.

use std::collections::BTreeMap;

/// Something that the server keeps.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Thing {
    Machine(&'static str),
    Activity,
    Rule,
    Bucket,
    Object(&'static str),
    Execution(String),
    /// An answer to a task of the execution, by its output.
    Answered(String, String),
    /// The execution that an event has started, by what the event says.
    Told(String),
}

/// What something was to become: its content, or nothing.
pub(crate) type Content = Option<Vec<u8>>;

struct Change {
    content: Content,
    /// After which point the answer came; `None`: it never did.
    acknowledged: Option<u64>,
}

/// A task that a worker has: nobody else gets it.
#[derive(Clone)]
pub(crate) struct Taken {
    pub(crate) token: String,
    pub(crate) execution: String,
    /// What it will be answered with.
    pub(crate) output: String,
}

/// All that was asked, in order.
#[derive(Default)]
pub(crate) struct Ledger {
    changes: BTreeMap<Thing, Vec<Change>>,
    pub(crate) taken: Vec<Taken>,
}

impl Ledger {
    /// Notes what will be asked, before it is.
    pub(crate) fn ask(&mut self, thing: &Thing, content: Content) {
        self.changes.entry(thing.clone()).or_default().push(Change { content, acknowledged: None });
    }

    /// What was asked last of the thing was answered well, after that point.
    pub(crate) fn acknowledge(&mut self, thing: &Thing, point: u64) {
        if let Some(change) = self.changes.get_mut(thing).and_then(|changes| changes.last_mut()) {
            change.acknowledged = Some(point);
        }
    }

    pub(crate) fn things(&self) -> impl Iterator<Item = &Thing> {
        self.changes.keys()
    }

    /// How many changes were acknowledged by then.
    pub(crate) fn acknowledged(&self, point: u64) -> usize {
        self.changes
            .values()
            .flatten()
            .filter(|change| change.acknowledged.is_some_and(|at| at <= point))
            .count()
    }

    /// What the thing may be when everything up to that point was done: what was acknowledged last, or anything that
    /// was asked since.
    pub(crate) fn legal(&self, thing: &Thing, point: u64) -> Vec<&Content> {
        let changes = self.changes.get(thing).map_or(&[][..], Vec::as_slice);
        let last = changes.iter().rposition(|change| change.acknowledged.is_some_and(|at| at <= point));
        let before: Option<&Content> = if last.is_none() { Some(&None) } else { None };
        before.into_iter().chain(changes[last.unwrap_or(0)..].iter().map(|change| &change.content)).collect()
    }
}
