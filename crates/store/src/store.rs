//! The store itself.

use std::{path::Path, sync::Arc};

use tokio::sync::Notify;
use trainyard_domain::Timestamp;

use crate::{Changes, Error, Held, List, Noun, Page, WorkItem};

/// The one memory of the server. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Store {}

impl Store {
    /// Opens (or makes) the store in the directory. Refused if another process has it, or if a newer version wrote it.
    pub async fn open(directory: &Path) -> Result<Self, Error> {
        unreachable!("{}", directory.display())
    }

    /// A store that vanishes with the last clone: for tests.
    pub async fn in_memory() -> Result<Self, Error> {
        unreachable!()
    }

    /// Commits all of the changes or none. When it returns `Ok` they survive power loss.
    pub async fn commit(&self, changes: Changes) -> Result<(), Error> {
        unreachable!("{changes:?}")
    }

    /// The document, if there is one.
    pub async fn get<T: Noun>(&self, scope: &str, id: &str) -> Result<Option<Held<T>>, Error> {
        unreachable!("{scope}{id}")
    }

    /// One page of documents. A document that cannot be read is left out and reported in the log.
    pub async fn list<T: Noun>(&self, list: List) -> Result<Page<T>, Error> {
        unreachable!("{list:?}")
    }

    /// Records of a history as (sequence number, JSON), from `from` on, at most `limit`.
    pub async fn history(&self, history: &str, from: u64, limit: usize) -> Result<Vec<(u64, String)>, Error> {
        unreachable!("{history}{from}{limit}")
    }

    /// The work on a topic that is due at `now`, in order of due time and scheduling, at most `limit`.
    pub async fn due(
        &self,
        topic: &'static str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<WorkItem>, Error> {
        unreachable!("{topic}{now}{limit}")
    }

    /// When the first work on the topic that is not yet due at `now` will be.
    pub async fn next_due(&self, topic: &'static str, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        unreachable!("{topic}{now}")
    }

    /// Told (`notify_one`: a permit is kept for the one loop that waits) after each commit that scheduled work on
    /// the topic: a hint to look, never the only reason.
    pub fn hint(&self, topic: &'static str) -> Arc<Notify> {
        unreachable!("{topic}")
    }
}
