//! The store itself.

use std::{collections::HashSet, path::Path, sync::Arc};

use trainyard_domain::Timestamp;

use crate::{
    Agenda, Bell, Changes, Entry, Error, Folders, Held, List, Noun, Page, Range, Stats, WorkItem,
    hints::Hints,
    patrol::Patrol,
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
    /// Before the queue, which goes on as long as somebody may want something put right.
    _patrol: Option<Patrol>,
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
            let patrol = match place.durable() {
                true => Some(Patrol::start(Arc::clone(&place), Arc::clone(&counters), queue.repairs())?),
                false => None,
            };
            let readers = Arc::new(Readers::new(place, Arc::clone(&counters)));
            Ok(Self(Arc::new(Parts { _patrol: patrol, queue, readers, hints, counters })))
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

    /// The documents of these ids that there are, read together: each is what [`Store::get`] says of it.
    pub async fn get_all<T: Noun>(
        &self,
        scope_and_ids: Vec<(String, String)>,
    ) -> Result<Vec<Result<Option<Held<T>>, Error>>, Error> {
        let question = move |connection: &_| {
            // One that is damaged is nothing that the others suffer from.
            let one = |(scope, id): &(String, String)| match read::get(connection, T::KIND, scope, id) {
                Err(error) if !matches!(error, Error::Poisoned { .. }) => Err(error),
                kept => Ok(kept),
            };
            scope_and_ids.iter().map(one).collect::<Result<Vec<_>, Error>>()
        };
        let kept = self.0.readers.ask(question).await?;
        let held = |kept: Result<Option<Held<Kept>>, Error>| {
            let held = kept.and_then(|kept| kept.map(Held::<Kept>::read).transpose());
            held.inspect_err(|error| self.0.counters.unread(error))
        };
        Ok(kept.into_iter().map(held).collect())
    }

    /// One page of documents. A document that cannot be read is left out and reported in the log; it takes nobody's
    /// place, so that a page is short only at the end.
    pub async fn list<T: Noun>(&self, mut list: List) -> Result<Page<T>, Error> {
        let (limit, mut items) = (list.page(), Vec::new());
        loop {
            list.limit = limit - items.len();
            let (asked, counters) = (list.clone(), Arc::clone(&self.0.counters));
            let question = move |connection: &_| read::list(connection, &counters, T::KIND, &asked);
            let page = self.0.readers.ask(question).await?;
            items.extend(page.items.into_iter().filter_map(|kept| self.readable(kept)));
            if items.len() == limit || page.next.is_none() {
                return Ok(Page { items, next: page.next });
            }
            list.after = page.next;
        }
    }

    /// Whether there is any such document: also one that cannot be read.
    pub async fn has_any<T: Noun>(&self, list: List) -> Result<bool, Error> {
        self.0.readers.ask(move |connection| read::any(connection, T::KIND, &list)).await
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
        let counters = Arc::clone(&self.0.counters);
        let question =
            move |connection: &_| read::folders(connection, &counters, T::KIND, list, (&prefix, &delimiter));
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

    /// How many documents of the kind are in the scope, and how many bytes their bodies have. It looks at each of them.
    pub async fn weigh<T: Noun>(&self, scope: &str) -> Result<(u64, u64), Error> {
        let scope = scope.to_owned();
        self.0.readers.ask(move |connection| read::weigh(connection, T::KIND, &scope)).await
    }

    /// The id of the first of the last `most` documents of the scope that have `bytes` bytes together at most: all that
    /// come before it are too many. Nothing where there are none such. The very last one is never too many.
    pub async fn first_of_last<T: Noun>(
        &self,
        scope: &str,
        bounds: (usize, u64),
    ) -> Result<Option<String>, Error> {
        let (scope, counters) = (scope.to_owned(), Arc::clone(&self.0.counters));
        let question =
            move |connection: &_| read::first_of_last(connection, &counters, (T::KIND, &scope), bounds);
        self.0.readers.ask(question).await
    }

    /// All scopes but the empty one that have documents of the kind. One whose name is damaged is left out and reported
    /// in the log.
    pub async fn scopes<T: Noun>(&self) -> Result<Vec<String>, Error> {
        let counters = Arc::clone(&self.0.counters);
        self.0.readers.ask(move |connection| read::scopes(connection, &counters, T::KIND)).await
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

    /// The work on a topic, outside of its lanes, that is due at `now`, in order of due time and scheduling, at most `limit`.
    pub async fn due(
        &self,
        topic: &'static str,
        now: Timestamp,
        limit: usize,
    ) -> Result<Vec<WorkItem>, Error> {
        let counters = Arc::clone(&self.0.counters);
        let question = move |connection: &_| read::due(connection, &counters, (topic, ""), now, limit);
        self.0.readers.ask(question).await
    }

    /// The work in a lane of a topic that is due at `now`, but for what is `known` (by revision), together with when
    /// there will be more: at most `limit`, and fewer if they are long.
    pub async fn agenda(
        &self,
        (topic, lane): (&'static str, &str),
        now: Timestamp,
        known_and_limit: (HashSet<u64>, usize),
    ) -> Result<Agenda, Error> {
        let (counters, lane) = (Arc::clone(&self.0.counters), lane.to_owned());
        let question =
            move |connection: &_| read::agenda(connection, &counters, (topic, &lane), now, known_and_limit);
        self.0.readers.ask(question).await
    }

    /// The lanes of a topic in which there is work, each with when the first of it is due. However much there is, a
    /// lane costs one step. One whose name is damaged is left out and reported in the log.
    pub async fn lanes(&self, topic: &'static str) -> Result<Vec<(String, Timestamp)>, Error> {
        let counters = Arc::clone(&self.0.counters);
        self.0.readers.ask(move |connection| read::lanes(connection, &counters, topic)).await
    }

    /// When the first work on the topic, outside of its lanes, that is not yet due at `now` will be.
    pub async fn next_due(&self, topic: &'static str, now: Timestamp) -> Result<Option<Timestamp>, Error> {
        self.0.readers.ask(move |connection| read::next_due(connection, topic, now)).await
    }

    /// The bell of the topic, for the one loop that does its work.
    pub fn hint(&self, topic: &'static str) -> Arc<Bell> {
        self.0.hints.bell(topic)
    }

    /// Notes damage that only whoever reads can see: what was read is whole, and lacks something.
    pub fn report(&self, damage: &Error) {
        self.0.counters.unread(damage);
    }

    /// What the store has done since it was opened.
    pub fn stats(&self) -> Stats {
        self.0.counters.read()
    }
}
