//! The store itself.

use std::{collections::HashSet, path::Path, sync::Arc};

use tokio::sync::Notify;
use trainyard_domain::Timestamp;

use crate::{
    Agenda, Changes, Entry, Error, Folders, Held, List, Noun, Page, Range, Stats, WorkItem,
    hints::Hints,
    place::Place,
    read::{self, Kept, Readers},
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
        let kept = self.0.readers.ask(move |connection| read::get(connection, T::KIND, &scope, &id)).await?;
        let held = kept.map(Held::<Kept>::read).transpose();
        held.inspect_err(|error| self.0.counters.unread(error))
    }

    /// One page of documents. A document that cannot be read is left out and reported in the log.
    pub async fn list<T: Noun>(&self, list: List) -> Result<Page<T>, Error> {
        let page = self.0.readers.ask(move |connection| read::list(connection, T::KIND, &list)).await?;
        let items = page.items.into_iter().filter_map(|kept| self.readable(kept)).collect();
        Ok(Page { items, next: page.next })
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
        let question = move |connection: &_| read::folders(connection, T::KIND, list, (&prefix, &delimiter));
        let page = self.0.readers.ask(question).await?;
        let entries = page.entries.into_iter().filter_map(|entry| match entry {
            Entry::Folder(folder) => Some(Entry::Folder(folder)),
            Entry::Document(kept) => self.readable(kept).map(Entry::Document),
        });
        Ok(Folders { entries: entries.collect(), next: page.next })
    }

    /// The document, if it can be read.
    fn readable<T: Noun>(&self, kept: Held<Kept>) -> Option<Held<T>> {
        kept.read().inspect_err(|error| self.0.counters.unread(error)).ok()
    }

    /// How many documents of the kind and scope have a value of the key in the range: read from the index alone.
    pub async fn count<T: Noun>(&self, scope: &str, key: &'static str, range: Range) -> Result<u64, Error> {
        let scope = scope.to_owned();
        self.0.readers.ask(move |connection| read::count(connection, T::KIND, (&scope, key), &range)).await
    }

    /// The id of the first of the last `most` documents of the scope that have `bytes` bytes together at most: all that
    /// come before it are too many. Nothing where there are none such. The very last one is never too many.
    pub async fn first_of_last<T: Noun>(
        &self,
        scope: &str,
        bounds: (usize, u64),
    ) -> Result<Option<String>, Error> {
        let scope = scope.to_owned();
        self.0.readers.ask(move |connection| read::first_of_last(connection, (T::KIND, &scope), bounds)).await
    }

    /// All scopes but the empty one that have documents of the kind.
    pub async fn scopes<T: Noun>(&self) -> Result<Vec<String>, Error> {
        self.0.readers.ask(move |connection| read::scopes(connection, T::KIND)).await
    }

    /// Records of a history as (sequence number, JSON), from `from` on, at most `limit`.
    pub async fn history(&self, history: &str, from: u64, limit: usize) -> Result<Vec<(u64, String)>, Error> {
        let name = history.to_owned();
        self.0.readers.ask(move |connection| read::history(connection, &name, from, limit, false)).await
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
        self.0.readers.ask(move |connection| read::history(connection, &name, from, limit, true)).await
    }

    /// The work on a topic that is due at `now`, in order of due time and scheduling, at most `limit`.
    pub async fn due(
        &self,
        topic: &'static str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<WorkItem>, Error> {
        let counters = Arc::clone(&self.0.counters);
        self.0.readers.ask(move |connection| read::due(connection, &counters, topic, now, limit)).await
    }

    /// The same but for what is `known` (by revision), together with when there will be more.
    pub async fn agenda(
        &self,
        topic: &'static str,
        now: Timestamp,
        known_and_limit: (HashSet<u64>, usize),
    ) -> Result<Agenda, Error> {
        let counters = Arc::clone(&self.0.counters);
        let question = move |connection: &_| read::agenda(connection, &counters, topic, now, known_and_limit);
        self.0.readers.ask(question).await
    }

    /// When the first work on the topic that is not yet due at `now` will be.
    pub async fn next_due(&self, topic: &'static str, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        self.0.readers.ask(move |connection| read::next_due(connection, topic, now)).await
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
