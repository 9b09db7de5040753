//! What must become true together.

use serde::Serialize;

use crate::{Error, Keys, Noun, WorkItem, beside::LARGE};

/// More changes, or of more bytes, are not small.
const FEW: usize = 64;
const SMALL: usize = 64 << 10;

/// What must be so for a document to be changed; otherwise the whole [`Changes`] is refused as a conflict.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Anything.
    Any,
    /// There is no such document.
    Absent,
    /// The document is at this version: the one that was read.
    Version(u64),
}

/// Changes that are committed together or not at all. Build it up, then give it to `Store::commit`.
#[derive(Clone, Debug, Default)]
pub struct Changes {
    pub(crate) documents: Vec<DocumentChange>,
    pub(crate) appends: Vec<Append>,
    pub(crate) work: Vec<WorkChange>,
    pub(crate) trims: Vec<Trim>,
    pub(crate) trails: Vec<TrailChange>,
}

/// All documents of a kind and scope whose ids come before this one go.
#[derive(Clone, Debug)]
pub(crate) struct Trim {
    pub(crate) kind: &'static str,
    pub(crate) scope: String,
    pub(crate) before: String,
}

#[derive(Clone, Debug)]
pub(crate) struct DocumentChange {
    pub(crate) kind: &'static str,
    pub(crate) scope: String,
    pub(crate) id: String,
    pub(crate) expect: Expect,
    /// `None` deletes.
    pub(crate) put: Option<Body>,
}

#[derive(Clone, Debug)]
pub(crate) struct Body {
    pub(crate) format: u32,
    pub(crate) json: String,
    pub(crate) keys: Vec<(&'static str, String)>,
    /// Whether long texts of it lie beside the store.
    pub(crate) spills: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Append {
    pub(crate) history: String,
    pub(crate) first: u64,
    pub(crate) records: Vec<String>,
}

/// What becomes of a trail.
#[derive(Clone, Debug)]
pub(crate) enum TrailChange {
    /// This record comes to its end.
    Leave { trail: String, record: String },
    /// The records before that number go.
    Shorten { trail: String, before: u64 },
}

#[derive(Clone, Debug)]
pub(crate) enum WorkChange {
    Put(WorkItem),
    /// Without a revision: whatever is there.
    Remove {
        topic: &'static str,
        lane: String,
        id: String,
        revision: Option<u64>,
    },
}

impl Changes {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Whether nothing would change.
    pub fn is_empty(&self) -> bool {
        self.documents.is_empty()
            && self.appends.is_empty()
            && self.work.is_empty()
            && self.trims.is_empty()
            && self.trails.is_empty()
    }

    /// Puts the document in place of the one with its kind, scope and id, if `expect` holds.
    pub fn put<T: Noun>(&mut self, noun: &T, expect: Expect) -> Result<&mut Self, Error> {
        let mut keys = Keys::default();
        noun.keys(&mut keys);
        let body =
            Body { format: T::FORMAT, json: to_json(noun)?, keys: keys.into_pairs(), spills: T::SPILLS };
        self.documents.push(DocumentChange {
            kind: T::KIND,
            scope: noun.scope(),
            id: noun.id(),
            expect,
            put: Some(body),
        });
        Ok(self)
    }

    /// Removes the document. With [`Expect::Any`] nothing happens if there is none.
    pub fn delete<T: Noun>(&mut self, scope: &str, id: &str, expect: Expect) -> &mut Self {
        let (scope, id) = (scope.to_owned(), id.to_owned());
        self.documents.push(DocumentChange { kind: T::KIND, scope, id, expect, put: None });
        self
    }

    /// Removes all documents of the kind in `scope` whose ids come before `id`, however many there are, in one step. They
    /// must have no index keys, and nobody may change one of them at the same time: it is for what is written once.
    pub fn trim<T: Noun>(&mut self, scope: &str, id: &str) -> &mut Self {
        self.trims.push(Trim { kind: T::KIND, scope: scope.to_owned(), before: id.to_owned() });
        self
    }

    /// Appends records to a history. `first` is the sequence number of the first of them (from 1); if the history
    /// does not end just before it, somebody else was faster and all of it is refused as a conflict.
    pub fn append<T: Serialize>(
        &mut self,
        history: &str,
        first: u64,
        records: &[T],
    ) -> Result<&mut Self, Error> {
        let records = records.iter().map(to_json).collect::<Result<_, _>>()?;
        self.appends.push(Append { history: history.to_owned(), first, records });
        Ok(self)
    }

    /// Leaves a record at the end of a trail, wherever that is: a trail is a history that many write to at the same time
    /// and that is let go of from its beginning. What several leave at once becomes one row. No name is that of a trail
    /// and of a history that is [appended](Self::append) to.
    pub fn leave<T: Serialize>(&mut self, trail: &str, record: &T) -> Result<&mut Self, Error> {
        let record = to_json(record)?;
        self.trails.push(TrailChange::Leave { trail: trail.to_owned(), record });
        Ok(self)
    }

    /// Lets go of a trail's records before this number, also of those that are left in the same commit. Where the number
    /// is within a row, all of that row stay. With `u64::MAX` the whole trail goes; what is left later begins with 1.
    pub fn shorten(&mut self, trail: &str, before: u64) -> &mut Self {
        self.trails.push(TrailChange::Shorten { trail: trail.to_owned(), before });
        self
    }

    /// Puts a piece of work on its topic, in place of the one with the same id, if any.
    pub fn schedule(&mut self, item: WorkItem) -> &mut Self {
        self.work.push(WorkChange::Put(item));
        self
    }

    /// Takes a piece of work that was read and done off its topic. One that was scheduled anew meanwhile stays.
    pub fn finish(&mut self, item: &WorkItem) -> &mut Self {
        let (lane, id, revision) = (item.lane.clone(), item.id.clone(), Some(item.revision));
        self.work.push(WorkChange::Remove { topic: item.topic, lane, id, revision });
        self
    }

    /// Takes whatever work has this id off the topic, outside of its lanes. Nothing happens if there is none.
    pub fn cancel(&mut self, topic: &'static str, id: &str) -> &mut Self {
        self.cancel_in((topic, ""), id)
    }

    /// The same in one of its lanes.
    pub fn cancel_in(&mut self, (topic, lane): (&'static str, &str), id: &str) -> &mut Self {
        let (lane, id) = (lane.to_owned(), id.to_owned());
        self.work.push(WorkChange::Remove { topic, lane, id, revision: None });
        self
    }

    /// Adds all of `other` after these.
    pub fn merge(&mut self, other: Self) -> &mut Self {
        self.documents.extend(other.documents);
        self.appends.extend(other.appends);
        self.work.extend(other.work);
        self.trims.extend(other.trims);
        self.trails.extend(other.trails);
        self
    }
}

impl Changes {
    /// Refuses what could not be read back: NUL in a name or key (Postgres takes none in a text), histories
    /// that begin before 1.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let nul = |thing: &str, id: &str| {
            Err(Error::Invalid(format!(
                "{thing} `{}` holds a NUL character, which cannot be kept",
                id.escape_debug()
            )))
        };
        for document in &self.documents {
            let keys = document.put.iter().flat_map(|body| body.keys.iter().map(|(_, value)| value));
            if keys.chain([&document.scope, &document.id]).any(|text| text.contains('\0')) {
                return nul(&format!("the name or an index key of the {}", document.kind), &document.id);
            }
        }
        if let Some(trim) =
            self.trims.iter().find(|trim| [&trim.scope, &trim.before].iter().any(|text| text.contains('\0')))
        {
            return nul(&format!("the name of the {}", trim.kind), &trim.before);
        }
        for append in &self.appends {
            if append.first == 0 {
                return Err(Error::Internal(format!(
                    "the history `{}` begins with 1, not 0",
                    append.history
                )));
            }
            if append.history.contains('\0') {
                return nul("the history", &append.history);
            }
        }
        for change in &self.trails {
            let (TrailChange::Leave { trail, .. } | TrailChange::Shorten { trail, .. }) = change;
            if trail.contains('\0') {
                return nul("the trail", trail);
            }
        }
        for change in &self.work {
            if let WorkChange::Put(item) = change
                && [&item.lane, &item.id, &item.body].into_iter().any(|text| text.contains('\0'))
            {
                return nul(&format!("the work on {}", item.topic), &item.id);
            }
        }
        Ok(())
    }

    /// The rows that may have texts beside the store, if they are long: bodies of documents, which have keys.
    pub(crate) fn spilling_bodies(&mut self) -> impl Iterator<Item = &mut Body> {
        let bodies = self.documents.iter_mut().filter_map(|document| document.put.as_mut());
        bodies.filter(|body| body.spills && body.json.len() > LARGE)
    }

    /// The same rows without keys: records of histories, and work.
    pub(crate) fn spilling_rows(&mut self) -> impl Iterator<Item = &mut String> {
        let records = self.appends.iter_mut().flat_map(|append| &mut append.records);
        let work = self.work.iter_mut().filter_map(|change| match change {
            WorkChange::Put(item) if item.spills => Some(&mut item.body),
            WorkChange::Put(_) | WorkChange::Remove { .. } => None,
        });
        records.chain(work).filter(|row| row.len() > LARGE)
    }

    /// Whether there may be such texts.
    pub(crate) fn is_long(&mut self) -> bool {
        self.spilling_bodies().next().is_some() || self.spilling_rows().next().is_some()
    }

    /// Whether they are written in no time: what goes may be much, however little is said of it.
    pub(crate) fn are_small(&self) -> bool {
        let count = self.documents.len() + self.appends.len() + self.work.len() + self.trails.len();
        let goes = |change: &TrailChange| matches!(change, TrailChange::Shorten { .. });
        let goes = !self.trims.is_empty() || self.trails.iter().any(goes);
        !goes && count <= FEW && self.bytes() <= SMALL
    }

    /// About how many bytes they are.
    pub fn bytes(&self) -> usize {
        let bodies = self.documents.iter().flat_map(|document| &document.put).map(|body| body.json.len());
        let records = self.appends.iter().flat_map(|append| &append.records).map(String::len);
        let work = self.work.iter().map(|change| match change {
            WorkChange::Put(item) => item.body.len(),
            WorkChange::Remove { .. } => 0,
        });
        let trails = self.trails.iter().map(|change| match change {
            TrailChange::Leave { record, .. } => record.len(),
            TrailChange::Shorten { .. } => 0,
        });
        bodies.chain(records).chain(work).chain(trails).sum()
    }
}

pub(crate) fn to_json<T: Serialize + ?Sized>(value: &T) -> Result<String, Error> {
    serde_json::to_string(value)
        .map_err(|e| Error::Internal(format!("a document cannot be written as JSON: {e}")))
}
