//! The store itself.

use std::{path::Path, sync::Arc};

use tokio::sync::Notify;
use trainyard_domain::Timestamp;

use crate::{
    Changes, Error, Folders, Held, List, Noun, Page, Stats, WorkItem,
    hints::Hints,
    place::Place,
    read::{self, Readers},
    stats::Counters,
    write::{Queue, Writer},
};

/// The one memory of the server. Cheap to clone; the last clone to go waits for the writer to end.
#[derive(Clone, Debug)]
pub struct Store(Arc<Parts>);

#[derive(Debug)]
struct Parts {
    queue: Queue,
    readers: Arc<Readers>,
    hints: Arc<Hints>,
    counters: Arc<Counters>,
}

impl Store {
    /// Opens (or makes) the store in the directory. Refused if another process has it, or if a newer version wrote it.
    pub async fn open(directory: &Path) -> Result<Self, Error> {
        let directory = directory.to_owned();
        Self::start(move || Place::claim(&directory)).await
    }

    /// A store that vanishes with the last clone: for tests. It is the same store in a directory of its own that is
    /// not synced to disk.
    pub async fn in_memory() -> Result<Self, Error> {
        Self::start(Place::passing).await
    }

    async fn start(place: impl FnOnce() -> Result<Place, Error> + Send + 'static) -> Result<Self, Error> {
        let open = move || {
            let place = Arc::new(place()?);
            let (hints, counters) = (Arc::<Hints>::default(), Arc::<Counters>::default());
            let writer = Writer::open(Arc::clone(&place), Arc::clone(&hints), Arc::clone(&counters))?;
            let queue = Queue::start(writer)?;
            let readers = Arc::new(Readers::new(place, Arc::clone(&counters)));
            Ok(Self(Arc::new(Parts { queue, readers, hints, counters })))
        };
        let opened = tokio::task::spawn_blocking(open).await;
        opened.map_err(|e| Error::Internal(format!("the store could not be opened: {e}")))?
    }

    /// Commits all of the changes or none. When it returns `Ok` they survive power loss. When the caller goes away
    /// before that, they may be committed or not.
    pub async fn commit(&self, changes: Changes) -> Result<(), Error> {
        changes.check()?;
        if changes.is_empty() {
            return Ok(());
        }
        self.0.queue.commit(changes).await
    }

    /// The document, if there is one.
    pub async fn get<T: Noun>(&self, scope: &str, id: &str) -> Result<Option<Held<T>>, Error> {
        let (scope, id) = (scope.to_owned(), id.to_owned());
        self.0.readers.ask(move |connection, _| read::get(connection, &scope, &id)).await
    }

    /// One page of documents. A document that cannot be read is left out and reported in the log.
    pub async fn list<T: Noun>(&self, list: List) -> Result<Page<T>, Error> {
        self.0.readers.ask(move |connection, counters| read::list(connection, counters, &list)).await
    }

    /// One page of a list in which all that begins with `prefix` and has `delimiter` somewhere after it stands as
    /// one folder, as S3 lists common prefixes. However much a folder holds, it costs one step. What is compared is
    /// what the list is ordered by (the id, or the value of its key); the list's own bounds
    /// hold too. In one scope and ascending only.
    pub async fn folders<T: Noun>(
        &self,
        list: List,
        prefix: &str,
        delimiter: &str,
    ) -> Result<Folders<T>, Error> {
        let (prefix, delimiter) = (prefix.to_owned(), delimiter.to_owned());
        self.0
            .readers
            .ask(move |connection, counters| read::folders(connection, counters, list, (&prefix, &delimiter)))
            .await
    }

    /// Records of a history as (sequence number, JSON), from `from` on, at most `limit`.
    pub async fn history(&self, history: &str, from: u64, limit: usize) -> Result<Vec<(u64, String)>, Error> {
        let name = history.to_owned();
        self.0.readers.ask(move |connection, _| read::history(connection, &name, from, limit, false)).await
    }

    /// Records of a history from the last to the first, beginning with `from` (or with the last, if that is before
    /// it: `u64::MAX` begins at the end), at most `limit`.
    pub async fn history_back(
        &self,
        history: &str,
        from: u64,
        limit: usize,
    ) -> Result<Vec<(u64, String)>, Error> {
        let name = history.to_owned();
        self.0.readers.ask(move |connection, _| read::history(connection, &name, from, limit, true)).await
    }

    /// The work on a topic that is due at `now`, in order of due time and scheduling, at most `limit`.
    pub async fn due(
        &self,
        topic: &'static str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<WorkItem>, Error> {
        self.0
            .readers
            .ask(move |connection, counters| read::due(connection, counters, topic, now, limit))
            .await
    }

    /// When the first work on the topic that is not yet due at `now` will be.
    pub async fn next_due(&self, topic: &'static str, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        self.0.readers.ask(move |connection, _| read::next_due(connection, topic, now)).await
    }

    /// Told (`notify_one`: a permit is kept for the one loop that waits) after each commit that scheduled work on
    /// the topic: a hint to look, never the only reason.
    pub fn hint(&self, topic: &'static str) -> Arc<Notify> {
        self.0.hints.bell(topic)
    }

    /// What the store has done since it was opened.
    pub fn stats(&self) -> Stats {
        self.0.counters.read()
    }
}
