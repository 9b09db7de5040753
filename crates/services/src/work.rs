//! The one loop that does the store's work: takes what is due on a topic, has it done, and tries again later what
//! failed. Every room's `watch.rs` is a [`Worker`] for it.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
    time::Duration,
};

use async_trait::async_trait;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use trainyard_domain::Timestamp;
use trainyard_store::{Changes, WorkItem};

use crate::ground::Ground;

/// Does the work of one topic. Work may be given twice (after a crash, or when it failed): doing it again must be safe.
#[async_trait]
pub trait Worker: Send + Sync + 'static {
    /// The topic.
    const TOPIC: &'static str;
    /// How many pieces at a time.
    const WIDTH: usize = 16;

    /// Does one piece of work. An error is logged, and the work is tried again with growing delay, for ever:
    /// a worker that wants to give up says so by [`Outcome::Finished`].
    async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn std::error::Error + Send + Sync>>;
}

/// What came of a piece of work.
pub enum Outcome {
    /// It is done: commit these changes and, with them, take the work off the topic.
    Finished(Changes),
    /// It is done, and the worker has committed what came of it and taken the work off itself.
    Settled,
    /// Look again after a while. Nothing is written: after a restart it is looked at once.
    Later(Duration),
}

const FIRST_RETRY: Duration = Duration::from_millis(200);
const LAST_RETRY: Duration = Duration::from_secs(30);
/// Correctness never depends on a hint: a lost one costs at most this.
const SWEEP: Duration = Duration::from_secs(5);

/// How long the work in hand may take when the loop ends. What is cut off is begun again at the next start.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Runs the topic's loop until `stop`, then waits a while for the work in hand.
pub async fn run<W: Worker>(ground: Ground, worker: Arc<W>, stop: CancellationToken) {
    let hint = ground.store.hint(W::TOPIC);
    let mut hands = Hands::default();
    loop {
        let wait = match hands.take_up(&ground, &worker).await {
            Ok(()) => hands.rest(ground.now()),
            Err(error) => {
                tracing::warn!(topic = W::TOPIC, %error, "cannot read the work that is due");
                FIRST_RETRY
            }
        };
        let until = tokio::time::sleep(wait.min(SWEEP));
        let mut until = std::pin::pin!(until);
        loop {
            tokio::select! {
                () = stop.cancelled() => return hands.last_words().await,
                () = hint.notified() => break,
                () = until.as_mut() => break,
                Some(done) = hands.tasks.join_next(), if !hands.tasks.is_empty() => {
                    let mut again = hands.put_down(&ground, done);
                    // Those that ended meanwhile too: the topic is read once for all of them.
                    while let Some(done) = hands.tasks.try_join_next() {
                        again |= hands.put_down(&ground, done);
                    }
                    if again || hands.more {
                        break;
                    }
                }
            }
        }
    }
}

/// What one piece of work left behind.
struct Done {
    item: Name,
    end: End,
}

/// Which piece of work: its id, and which scheduling of it.
#[derive(Clone, PartialEq)]
struct Name {
    id: String,
    revision: u64,
}

enum End {
    Off,
    Again(Duration),
    Failed,
}

#[derive(Default)]
struct Hands {
    tasks: JoinSet<Done>,
    busy: HashMap<tokio::task::Id, Name>,
    parked: HashMap<String, Parked>,
    /// Whether there is work that was due and not taken up, for want of a free hand.
    more: bool,
    /// When the first work that was not yet due will be.
    next: Option<Timestamp>,
}

/// Work that rests, unless it is scheduled anew.
struct Parked {
    until: Timestamp,
    revision: u64,
    failures: u32,
}

impl Hands {
    /// Starts what is due and not in hand.
    async fn take_up<W: Worker>(
        &mut self,
        ground: &Ground,
        worker: &Arc<W>,
    ) -> Result<(), trainyard_store::Error> {
        let free = W::WIDTH.saturating_sub(self.busy.len());
        self.more = free == 0;
        if self.more {
            return Ok(());
        }
        let now = ground.now();
        let resting = self.parked.values().filter(|p| p.until > now).map(|p| p.revision);
        let known = self.busy.values().map(|name| name.revision).chain(resting).collect();
        let agenda = ground.store.agenda(W::TOPIC, now, (known, free)).await?;
        self.next = agenda.next;
        self.more = agenda.due.len() == free;
        if !self.more {
            // Everything that is due was seen: what rested and was not, somebody else took off the topic.
            let due: HashSet<&str> = agenda.due.iter().map(|item| item.id.as_str()).collect();
            self.parked.retain(|id, p| agenda.known.contains(&p.revision) || due.contains(id.as_str()));
        }
        for item in agenda.due {
            if self.busy.values().any(|busy| busy.id == item.id) {
                // Scheduled anew while it is in hand.
                self.more = true;
                continue;
            }
            let name = Name { id: item.id.clone(), revision: item.revision };
            let task = self.tasks.spawn(one(ground.clone(), worker.clone(), item));
            self.busy.insert(task.id(), name);
        }
        Ok(())
    }

    /// How long nothing else will be due.
    fn rest(&self, now: Timestamp) -> Duration {
        let parked = self.parked.values().map(|p| p.until).filter(|until| *until > now).min();
        [parked, self.next].into_iter().flatten().min().map_or(SWEEP, |next| next.since(now))
    }

    async fn last_words(mut self) {
        let finished = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_WORDS, finished).await.is_err() {
            self.tasks.shutdown().await;
        }
    }

    /// Says whether the work is to be done again: then somebody must look when.
    fn put_down(&mut self, ground: &Ground, done: Result<Done, tokio::task::JoinError>) -> bool {
        let Done { item, end } = match done {
            Ok(done) => done,
            Err(error) => {
                // A panic in a worker: its work is retried like a failure.
                let Some(item) = self.busy.remove(&error.id()) else { return false };
                tracing::error!(%error, id = item.id, "a worker broke off");
                Done { item, end: End::Failed }
            }
        };
        self.busy.retain(|_, busy| *busy != item);
        let (delay, failures) = match end {
            End::Off => {
                self.parked.remove(&item.id);
                return false;
            }
            End::Again(delay) => (delay, 0),
            End::Failed => {
                let failures = self.parked.get(&item.id).map_or(0, |p| p.failures) + 1;
                (FIRST_RETRY.saturating_mul(1 << failures.min(10)).min(LAST_RETRY), failures)
            }
        };
        let until = ground.now().plus(delay);
        self.parked.insert(item.id, Parked { until, revision: item.revision, failures });
        true
    }
}

async fn one<W: Worker>(ground: Ground, worker: Arc<W>, item: WorkItem) -> Done {
    let finished = match worker.work(&item).await {
        Ok(Outcome::Later(again)) => Ok(End::Again(again)),
        Ok(Outcome::Settled) => Ok(End::Off),
        Ok(Outcome::Finished(mut changes)) => {
            changes.finish(&item);
            ground.store.commit(changes).await.map(|()| End::Off).map_err(Into::into)
        }
        Err(error) => Err(error),
    };
    let end = finished.unwrap_or_else(|error| {
        tracing::warn!(topic = W::TOPIC, id = item.id, %error, "work failed and will be tried again");
        End::Failed
    });
    Done { item: Name { id: item.id, revision: item.revision }, end }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use tokio::sync::mpsc;
    use trainyard_store::Store;

    use super::*;

    /// Does what the item's body says, and tells that it was asked.
    struct Doer {
        asked: mpsc::UnboundedSender<String>,
        times: AtomicUsize,
    }

    #[async_trait]
    impl Worker for Doer {
        const TOPIC: &'static str = "test";
        const WIDTH: usize = 2;

        async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn std::error::Error + Send + Sync>> {
            let first = self.times.fetch_add(1, Ordering::SeqCst) == 0;
            self.asked.send(item.id.clone()).unwrap();
            match item.body.as_str() {
                "panic" if first => panic!("as asked"),
                "fail" if first => Err("as asked".into()),
                "rest" => Ok(Outcome::Later(Duration::from_secs(3600))),
                _ => Ok(Outcome::Finished(Changes::new())),
            }
        }
    }

    struct Loop {
        ground: Ground,
        asked: mpsc::UnboundedReceiver<String>,
        stop: CancellationToken,
        running: tokio::task::JoinHandle<()>,
    }

    impl Loop {
        async fn start() -> Self {
            let ground = Ground::new(Store::in_memory().await.unwrap());
            let (tell, asked) = mpsc::unbounded_channel();
            let doer = Arc::new(Doer { asked: tell, times: AtomicUsize::new(0) });
            let stop = CancellationToken::new();
            let running = tokio::spawn(run(ground.clone(), doer, stop.clone()));
            Self { ground, asked, stop, running }
        }

        async fn schedule(&self, id: &str, body: &str) {
            let mut changes = Changes::new();
            changes.schedule(WorkItem::now(Doer::TOPIC, id, body));
            self.ground.store.commit(changes).await.unwrap();
        }

        /// The next piece of work that the doer was given.
        async fn next(&mut self) -> String {
            let soon = Duration::from_secs(20);
            tokio::time::timeout(soon, self.asked.recv()).await.expect("nothing is worked on").unwrap()
        }

        async fn end(self) -> usize {
            self.stop.cancel();
            self.running.await.unwrap();
            self.ground.store.due(Doer::TOPIC, self.ground.now(), 100).await.unwrap().len()
        }
    }

    #[tokio::test]
    async fn work_that_fails_or_breaks_off_is_done_again() {
        for body in ["fail", "panic"] {
            let mut going = Loop::start().await;
            going.schedule("a", body).await;
            assert_eq!((going.next().await, going.next().await), ("a".to_owned(), "a".to_owned()));
            assert_eq!(going.end().await, 0, "what is done is off the topic");
        }
    }

    #[tokio::test]
    async fn work_that_rests_is_taken_up_when_it_is_scheduled_anew() {
        let mut going = Loop::start().await;
        going.schedule("a", "rest").await;
        assert_eq!(going.next().await, "a");
        going.schedule("a", "do").await;
        assert_eq!(going.next().await, "a");
        assert_eq!(going.end().await, 0);
    }

    #[tokio::test]
    async fn work_that_rests_keeps_nobody_from_working() {
        let mut going = Loop::start().await;
        for id in ["a", "b", "c", "d", "e"] {
            going.schedule(id, "rest").await;
            assert_eq!(going.next().await, id);
        }
        going.schedule("f", "do").await;
        assert_eq!(going.next().await, "f");
        assert_eq!(going.end().await, 5);
    }
}
