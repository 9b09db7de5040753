//! What a batch asks the store for, and the rows that it writes.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use trainyard_domain::Timestamp;

use crate::{
    Changes,
    changes::{DocumentChange, TrailChange},
};

/// A document's kind, scope and id.
pub(crate) type Name<'a> = (&'a str, &'a str, &'a str);

/// Every document and history that a batch touches, each once.
#[derive(Default)]
pub(crate) struct Touched<'a> {
    pub(crate) documents: Vec<Name<'a>>,
    pub(crate) histories: Vec<&'a str>,
    document_at: HashMap<Name<'a>, usize>,
    history_at: HashMap<&'a str, usize>,
}

/// What the store holds of it, in the same order.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) documents: Vec<Option<Stored>>,
    pub(crate) histories: Vec<Option<StoredHistory>>,
}

/// A document in the store, without its body.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) version: u64,
    pub(crate) keys: BTreeMap<String, Vec<String>>,
}

/// A history in the store; `next` is the sequence number that its next record gets.
#[derive(Clone, Debug)]
pub(crate) struct StoredHistory {
    pub(crate) id: i64,
    pub(crate) next: u64,
}

/// The merged result of a batch.
#[derive(Default)]
pub(crate) struct Write<'a> {
    pub(crate) put: Vec<PutRow<'a>>,
    pub(crate) removed: Vec<Name<'a>>,
    pub(crate) unkeyed: Vec<KeyRow<'a>>,
    pub(crate) keyed: Vec<KeyRow<'a>>,
    pub(crate) histories: Vec<HistoryRow<'a>>,
    pub(crate) appended: Vec<AppendRow>,
    /// Work that goes: topic, id and, if only one scheduling of it is meant, which.
    pub(crate) ended: Vec<(Cow<'a, str>, &'a str, Option<u64>)>,
    pub(crate) work: Vec<WorkRow<'a>>,
    /// Topics and lanes that got work, and when the first of it is due.
    pub(crate) told: BTreeMap<(&'static str, &'a str), Timestamp>,
    /// Kind, scope, and the id before which documents go.
    pub(crate) trimmed: Vec<Name<'a>>,
    /// Trails, and the number before which records go.
    pub(crate) shortened: Vec<(&'a str, u64)>,
}

pub(crate) struct PutRow<'a> {
    pub(crate) name: Name<'a>,
    pub(crate) version: u64,
    pub(crate) format: u32,
    pub(crate) sum: u32,
    pub(crate) keys: String,
    pub(crate) body: &'a str,
}

pub(crate) struct KeyRow<'a> {
    pub(crate) name: Name<'a>,
    pub(crate) key: &'a str,
    pub(crate) value: &'a str,
}

pub(crate) struct HistoryRow<'a> {
    pub(crate) id: i64,
    pub(crate) name: &'a str,
    pub(crate) sum: u32,
}

pub(crate) struct AppendRow {
    pub(crate) history: i64,
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) format: u32,
    pub(crate) sum: u32,
    pub(crate) records: String,
}

pub(crate) struct WorkRow<'a> {
    pub(crate) number: u64,
    pub(crate) topic: Cow<'a, str>,
    pub(crate) id: &'a str,
    pub(crate) due: i64,
    pub(crate) body: &'a str,
    pub(crate) sum: u32,
}

impl<'a> Touched<'a> {
    pub(crate) fn by(batch: &'a [Changes]) -> Self {
        let mut touched = Self::default();
        for change in batch.iter().flat_map(|changes| &changes.documents) {
            let name = (change.kind, change.scope.as_str(), change.id.as_str());
            touched.document_at.entry(name).or_insert_with(|| {
                touched.documents.push(name);
                touched.documents.len() - 1
            });
        }
        for changes in batch {
            changes.appends.iter().for_each(|append| touched.touch(&append.history));
            for change in &changes.trails {
                if let TrailChange::Leave { trail, .. } = change {
                    touched.touch(trail);
                }
            }
        }
        touched
    }

    fn touch(&mut self, history: &'a str) {
        self.history_at.entry(history).or_insert_with(|| {
            self.histories.push(history);
            self.histories.len() - 1
        });
    }

    /// Where the change's document stands in the list. The change must be of the same batch.
    pub(crate) fn document(&self, change: &DocumentChange) -> usize {
        self.document_at[&(change.kind, change.scope.as_str(), change.id.as_str())]
    }

    /// Where the history stands in the list. It must be of the same batch.
    pub(crate) fn history(&self, name: &str) -> usize {
        self.history_at[name]
    }
}

impl Stored {
    /// The index keys as pairs of name and value.
    pub(crate) fn keys(&self) -> impl Iterator<Item = (&str, &str)> {
        self.keys
            .iter()
            .flat_map(|(key, values)| values.iter().map(move |value| (key.as_str(), value.as_str())))
    }
}

impl Write<'_> {
    /// How many rows change.
    pub(crate) fn rows(&self) -> usize {
        let work = self.ended.len() + self.work.len();
        let gone = self.removed.len() + self.trimmed.len() + self.shortened.len();
        self.put.len() + self.appended.len() + work + gone
    }
}
