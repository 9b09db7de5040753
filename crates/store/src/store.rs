//! The store itself.

use std::{
    collections::HashSet,
    path::Path,
    sync::{Arc, OnceLock},
    time::Duration,
};

use trainyard_domain::{Timestamp, content::BlobKey, ports::Blobs};

use crate::{
    Agenda, Bell, Changes, Entry, Error, Folders, Held, List, Noun, Page, Range, Stats, Stretch, Trail,
    WorkItem,
    beside::{self, Beside, Lost},
    hints::Hints,
    kept::Class,
    moment::Threads,
    patrol::Patrol,
    place::Place,
    read::{self, Kept, Readers},
    stats::Counters,
    write::{Queue, Writer},
};

/// How many texts are looked at at a time by the sweep.
const SWEPT: usize = 1000;

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
    /// Where large texts lie.
    beside: OnceLock<Beside>,
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
            let threads = Threads::here();
            let queue = Queue::start(writer, &threads)?;
            let patrol = match place.durable() {
                true => Some(Patrol::start(Arc::clone(&place), Arc::clone(&counters), queue.repairs())?),
                false => None,
            };
            let readers = Arc::new(Readers::new(place, Arc::clone(&counters), &threads));
            let beside = OnceLock::new();
            Ok(Self(Arc::new(Parts { _patrol: patrol, queue, readers, hints, counters, beside })))
        };
        let opened = tokio::task::spawn_blocking(open).await;
        opened.map_err(|e| Error::Internal(format!("the store could not be opened: {e}")))?
    }

    /// Large texts lie in these blobs, under keys that begin with `texts/`: those of histories, and of what says that it
    /// [spills](Noun::SPILLS). Without this all texts are in the store itself, and what names one beside it cannot be
    /// read. Said once, before anything is committed; a second time does nothing.
    #[must_use]
    pub fn beside(self, blobs: Arc<dyn Blobs>) -> Self {
        let _ = self.0.beside.set(Beside::new(blobs));
        self
    }

    /// Commits all of the changes or none. When it returns `Ok` they survive power loss. When the caller goes away
    /// before that, they may be committed or not.
    pub async fn commit(&self, mut changes: Changes) -> Result<(), Error> {
        changes.check()?;
        if changes.is_empty() {
            return Ok(());
        }
        match self.0.beside.get() {
            Some(beside) if changes.is_long() => Box::pin(self.commit_long(beside, changes)).await,
            _ => self.0.queue.commit(changes).await,
        }
    }

    async fn commit_long(&self, beside: &Beside, mut changes: Changes) -> Result<(), Error> {
        let _standing = beside.hold(&mut changes).await?;
        self.0.queue.commit(changes).await
    }

    /// The document, if there is one.
    pub async fn get<T: Noun>(&self, scope: &str, id: &str) -> Result<Option<Held<T>>, Error> {
        let kept = self.kept(Class::of::<T>(), scope, id).await?;
        kept.map(|kept| self.read(kept)).transpose()
    }

    /// The documents of these ids that there are, read together: each is what [`Store::get`] says of it.
    pub async fn get_all<T: Noun>(
        &self,
        scope_and_ids: Vec<(String, String)>,
    ) -> Result<Vec<Result<Option<Held<T>>, Error>>, Error> {
        let all = self.all_kept(Class::of::<T>(), scope_and_ids).await?;
        Ok(all.into_iter().map(|kept| kept?.map(|kept| self.read(kept)).transpose()).collect())
    }

    /// One page of documents. A document that cannot be read is left out and reported in the log; it takes nobody's
    /// place, so that a page is short only at the end.
    pub async fn list<T: Noun>(&self, mut list: List) -> Result<Page<T>, Error> {
        let (limit, mut items) = (list.page(), Vec::new());
        loop {
            list.limit = limit - items.len();
            let page = self.page_kept(Class::of::<T>(), list.clone()).await?;
            items.extend(page.items.into_iter().filter_map(|kept| self.read(kept).ok()));
            if items.len() == limit || page.next.is_none() {
                return Ok(Page { items, next: page.next });
            }
            list.after = page.next;
        }
    }

    /// Whether there is any such document: also one that cannot be read.
    pub async fn has_any<T: Noun>(&self, list: List) -> Result<bool, Error> {
        self.any_kept(T::KIND, list).await
    }

    /// One page of a list in which all that begins with `prefix` and has `delimiter` somewhere after it stands as
    /// one folder, as S3 lists common prefixes. However much a folder holds, it costs one step. What is compared is
    /// what the list is ordered by (the id, or the value of its key); the list's own bounds
    /// hold too. In one scope and ascending only, and of nouns without texts beside the store.
    pub async fn folders<T: Noun>(
        &self,
        list: List,
        prefix: &str,
        delimiter: &str,
    ) -> Result<Folders<T>, Error> {
        let page = self.folders_kept(T::KIND, list, (prefix, delimiter)).await?;
        let entries = page.entries.into_iter().filter_map(|entry| match entry {
            Entry::Folder(folder) => Some(Entry::Folder(folder)),
            Entry::Document(kept) => self.read(kept).ok().map(Entry::Document),
        });
        Ok(Folders { entries: entries.collect(), next: page.next })
    }

    pub(crate) fn readers(&self) -> &Arc<Readers> {
        &self.0.readers
    }

    pub(crate) fn counters(&self) -> &Arc<Counters> {
        &self.0.counters
    }

    /// The document as the noun that it is. Damage is noted.
    fn read<T: Noun>(&self, kept: Held<Kept>) -> Result<Held<T>, Error> {
        kept.read().inspect_err(|error| self.0.counters.unread(error))
    }

    /// The row with its texts; `name` is of what it is: kind, scope and id. Damage is noted.
    pub(crate) async fn whole(
        &self,
        (kind, scope, id): (&str, &str, &str),
        row: String,
    ) -> Result<String, Error> {
        if !beside::is_torn(&row) {
            return Ok(row);
        }
        let whole = match self.0.beside.get() {
            Some(beside) => Box::pin(beside.whole(&row)).await,
            None => Err(Lost::Unavailable("there are no blobs that its texts could lie in".to_owned())),
        };
        whole.map_err(|lost| match lost {
            Lost::Unavailable(why) => Error::Unavailable(why),
            Lost::Damaged(reason) => {
                let (kind, scope, id) = (kind.to_owned(), scope.to_owned(), id.to_owned());
                let error = Error::Poisoned { kind, scope, id, reason };
                self.0.counters.unread(&error);
                error
            }
        })
    }

    /// How many documents of the kind and scope have a value of the key in the range: read from the index alone.
    pub async fn count<T: Noun>(&self, scope: &str, key: &'static str, range: Range) -> Result<u64, Error> {
        self.count_kept(T::KIND, (scope, key), range).await
    }

    /// How many documents of the kind are in the scope, and how many bytes their bodies have. It looks at each of them.
    pub async fn weigh<T: Noun>(&self, scope: &str) -> Result<(u64, u64), Error> {
        self.weigh_kept(T::KIND, scope).await
    }

    /// All scopes but the empty one that have documents of the kind. One whose name is damaged is left out and reported
    /// in the log.
    pub async fn scopes<T: Noun>(&self) -> Result<Vec<String>, Error> {
        self.scopes_kept(T::KIND).await
    }

    /// Records of a history as (sequence number, JSON), from `from` on, at most `limit`. What they say is read by
    /// [`Store::record`], one by one: together they may be larger than the memory.
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

    /// What a record of a history says, with its texts.
    pub async fn record(&self, history: &str, (number, record): (u64, String)) -> Result<String, Error> {
        self.whole(("history", history, &number.to_string()), record).await
    }

    /// Records of a trail, from `from` on, at most `limit`.
    pub async fn trail(&self, trail: &str, from: u64, limit: usize) -> Result<Stretch, Error> {
        self.stretch(trail, (from, limit), false).await
    }

    /// Records of a trail from the last to the first, beginning with `from` (or with the last, if that is before it), at
    /// most `limit`.
    pub async fn trail_back(&self, trail: &str, from: u64, limit: usize) -> Result<Stretch, Error> {
        self.stretch(trail, (from, limit), true).await
    }

    async fn stretch(&self, trail: &str, which: (u64, usize), backward: bool) -> Result<Stretch, Error> {
        let (name, counters) = (trail.to_owned(), Arc::clone(&self.0.counters));
        let question = move |connection: &_| read::stretch(connection, &counters, &name, which, backward);
        self.0.readers.ask(question).await
    }

    /// The trails that have records and whose names begin so.
    pub async fn trails(&self, prefix: &str) -> Result<Vec<Trail>, Error> {
        let prefix = prefix.to_owned();
        self.0.readers.ask(move |connection| read::trails(connection, &prefix)).await
    }

    /// The number before which records of the trail are to go ([`Changes::shorten`]), where at most `most` with `bytes`
    /// bytes together are kept; nothing if there are no more than that. The last row stays, whatever it holds.
    pub async fn surplus(&self, trail: &str, bounds: (usize, u64)) -> Result<Option<u64>, Error> {
        let name = trail.to_owned();
        self.0.readers.ask(move |connection| read::surplus(connection, &name, bounds)).await
    }

    /// The body of work that was read, with its texts.
    pub async fn body(&self, item: &WorkItem) -> Result<String, Error> {
        self.whole(("work", item.topic, &item.id), item.body.clone()).await
    }

    /// Removes the texts beside the store that nothing names any more, or never did since a crash came first; says how
    /// many. Whoever reads one has `grace` to end.
    pub async fn sweep(&self, grace: Duration) -> Result<usize, Error> {
        let Some(beside) = self.0.beside.get() else { return Ok(0) };
        let (mut needless, mut after) = (Vec::new(), None);
        loop {
            let page = beside.list(after.take(), SWEPT).await?;
            after = page.last().filter(|_| page.len() == SWEPT).cloned();
            for key in page {
                if !self.is_named(&key).await? {
                    needless.push(key);
                }
            }
            if after.is_none() {
                break;
            }
        }
        if needless.is_empty() {
            return Ok(0);
        }
        tokio::time::sleep(grace).await;
        let mut removed = 0;
        for key in needless {
            let _alone = beside.alone().await;
            // A commit whose caller went away may be under way: after one more it is done, or never will be.
            let mut nothing = Changes::new();
            nothing.cancel("nothing", "");
            self.0.queue.commit(nothing).await?;
            if !self.is_named(&key).await? {
                beside.remove(&key).await?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    async fn is_named(&self, key: &BlobKey) -> Result<bool, Error> {
        let name = beside::name(key).to_owned();
        self.0.readers.ask(move |connection| read::is_named(connection, &name)).await
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

    /// The work of that id in a lane of a topic (or outside of them, in the lane of no name), whenever it is due.
    pub async fn work(
        &self,
        (topic, lane): (&'static str, &str),
        id: &str,
    ) -> Result<Option<WorkItem>, Error> {
        let (counters, lane, id) = (Arc::clone(&self.0.counters), lane.to_owned(), id.to_owned());
        let question = move |connection: &_| read::one(connection, &counters, (topic, &lane), &id);
        self.0.readers.look_up(question).await
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
