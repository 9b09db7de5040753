//! Looks through a store while it is in use: a few rows at a time, with long rests between them.
//!
//! A small store is looked through before it is used ([`crate::scrub`]), and by the patrol a day later, however large
//! it is by then; in a large one somebody would wait for that, and the patrol begins at once. Rows are checked one by
//! one as they are read, too; but what an index has lost nobody reads, and so nobody would miss.

mod walk;

use std::{
    sync::{
        Arc,
        mpsc::{self, Receiver, RecvTimeoutError, Sender},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use self::walk::Walk;
use crate::{Error, place::Place, scrub::is_large, stats::Counters};

/// Of the time, at most one part in so many is spent looking.
const REST: u32 = 20;
/// A writer that is busier than so many transactions a second has the disk to itself, but not for ever.
const BUSY: u64 = 20;
const MOST_PAUSES: u32 = 60;
/// When all was looked at, it is looked at again after that.
const ROUND: Duration = Duration::from_secs(24 * 3600);
/// Trouble with the disk may be over after that.
const TROUBLE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

/// What is to be put right by the writer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Repair {
    /// This index has lost rows.
    Index(String),
    /// Keys of so many documents, those after this place, are missing.
    Keys { after: i64, count: usize },
}

impl Repair {
    /// What has lost something.
    fn of(&self) -> &str {
        match self {
            Self::Index(index) => index,
            Self::Keys { .. } => "document_keys",
        }
    }
}

/// The patrol's thread; it ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Patrol {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Patrol {
    /// Begins, where the last one was. What is wrong is noted, and what can be put right is given to `repair`, one thing
    /// after another: it says when that is done.
    pub(crate) fn start(
        place: Arc<Place>,
        counters: Arc<Counters>,
        repair: impl Fn(Repair) -> Result<(), Error> + Send + 'static,
    ) -> Result<Self, Error> {
        let first = if is_large(&place) { Duration::ZERO } else { ROUND };
        Self::after(first, (place, counters), repair)
    }

    /// The same, beginning after a rest.
    fn after(
        rest: Duration,
        (place, counters): (Arc<Place>, Arc<Counters>),
        repair: impl Fn(Repair) -> Result<(), Error> + Send + 'static,
    ) -> Result<Self, Error> {
        let (stop, stopped) = mpsc::channel();
        let thread = thread::Builder::new()
            .name("store-patrol".to_owned())
            .spawn(move || go((&place, &counters), &repair, &stopped, rest))
            .map_err(|e| Error::Unavailable(format!("no thread for the patrol: {e}")))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Patrol {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's patrol had failed");
        }
    }
}

/// One round after another, until it is stopped.
fn go(
    (place, counters): (&Place, &Counters),
    repair: &impl Fn(Repair) -> Result<(), Error>,
    stopped: &Receiver<()>,
    mut rest: Duration,
) {
    let (mut walk, mut pauses) = (None, 0);
    let (mut batches, mut seen) = (counters.read().batches, Instant::now());
    while matches!(stopped.recv_timeout(rest), Err(RecvTimeoutError::Timeout)) {
        let (now, passed) = (counters.read().batches, seen.elapsed().as_secs() + 1);
        let busy = now.saturating_sub(batches) > BUSY * passed;
        (batches, seen) = (now, Instant::now());
        if busy && pauses < MOST_PAUSES {
            (pauses, rest) = (pauses + 1, SECOND);
            continue;
        }
        pauses = 0;
        rest = match look(place, counters, repair, &mut walk) {
            Ok(true) => seen.elapsed() * (REST - 1),
            Ok(false) => {
                // Nothing is held open for a day.
                walk = None;
                ROUND
            }
            Err(error) => {
                tracing::warn!(%error, "the store's patrol waits until it can go on");
                TROUBLE
            }
        };
    }
}

/// One step of a round that is under way or begins; says whether there are more.
fn look(
    place: &Place,
    counters: &Counters,
    repair: &impl Fn(Repair) -> Result<(), Error>,
    walk: &mut Option<Walk>,
) -> Result<bool, Error> {
    let walk = match walk {
        Some(walk) => walk,
        empty => empty.insert(Walk::resume(place)?),
    };
    walk.step(&counters.damage, repair)
}

#[cfg(test)]
mod tests {
    use super::{walk::tests, *};

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn it_ends_when_it_is_dropped() {
        let (_directory, place) = tests::made();
        let patrol = Patrol::start(Arc::new(place), Arc::default(), |_| Ok(())).unwrap();
        drop(patrol);
    }

    /// Whatever size it has: it may have been small when it was opened.
    #[test]
    fn what_is_lost_is_put_right_while_the_store_is_in_use() {
        let (_directory, place) = tests::made();
        tests::lose_entries(&place, "history_rows_by_last", "history_rows", "history, last");
        let (place, counters) = (Arc::new(place), Arc::<Counters>::default());
        let writer = crate::schema::writer(&place).unwrap();
        let (tell, told) = mpsc::channel();
        let repair = move |repair: Repair| {
            crate::scrub::repair(&writer, &repair)?;
            tell.send(repair).map_err(|e| Error::Internal(e.to_string()))
        };
        let patrol = Patrol::after(Duration::ZERO, (place.clone(), counters.clone()), repair).unwrap();
        assert_eq!(told.recv_timeout(LONG).unwrap(), Repair::Index("history_rows_by_last".to_owned()));
        drop(patrol);
        assert_eq!(tests::round(&place, &counters), []);
    }
}
