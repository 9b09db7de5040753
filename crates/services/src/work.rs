//! The one loop that does the store's work: takes what is due on a topic, has it done, and tries again later what
//! failed. Every room's `watch.rs` is a [`Worker`] for it.

use std::{collections::HashMap, sync::Arc, time::Duration};

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

/// Runs the topic's loop until `stop`, then waits for the work in hand.
pub async fn run<W: Worker>(ground: Ground, worker: Arc<W>, stop: CancellationToken) {
    let hint = ground.store.hint(W::TOPIC);
    let mut hands = Hands::default();
    loop {
        let wait = match hands.take_up(&ground, &worker).await {
            Ok(wait) => wait,
            Err(error) => {
                tracing::warn!(topic = W::TOPIC, %error, "cannot read the work that is due");
                FIRST_RETRY
            }
        };
        tokio::select! {
            () = stop.cancelled() => break,
            () = hint.notified() => {}
            () = tokio::time::sleep(wait.min(SWEEP)) => {}
            Some(done) = hands.tasks.join_next(), if !hands.tasks.is_empty() => hands.put_down(&ground, done),
        }
    }
    while hands.tasks.join_next().await.is_some() {}
}

/// What one piece of work left behind: its id and when to look again, if at all.
struct Done {
    id: String,
    again: Option<Duration>,
    failed: bool,
}

#[derive(Default)]
struct Hands {
    tasks: JoinSet<Done>,
    busy: HashMap<tokio::task::Id, String>,
    parked: HashMap<String, Parked>,
}

struct Parked {
    until: Timestamp,
    failures: u32,
}

impl Hands {
    /// Starts what is due and not in hand; says how long nothing else will be due.
    async fn take_up<W: Worker>(
        &mut self,
        ground: &Ground,
        worker: &Arc<W>,
    ) -> Result<Duration, trainyard_store::Error> {
        let now = ground.now();
        let limit = W::WIDTH + self.busy.len() + self.parked.len();
        let due = ground.store.due(W::TOPIC, now, limit).await?;
        self.forget_vanished(&due, limit);
        for item in due {
            if self.busy.len() >= W::WIDTH {
                break;
            }
            let rests = self.parked.get(&item.id).is_some_and(|p| p.until > now);
            if rests || self.busy.values().any(|id| *id == item.id) {
                continue;
            }
            let id = item.id.clone();
            let task = self.tasks.spawn(one(ground.clone(), worker.clone(), item));
            self.busy.insert(task.id(), id);
        }
        let parked = self.parked.values().filter(|p| p.until > now).map(|p| p.until).min();
        let next = ground.store.next_due(W::TOPIC, now).await?;
        Ok([parked, next].into_iter().flatten().min().map_or(SWEEP, |t| t.since(now)))
    }

    /// Parked work that somebody else took off the topic is forgotten, so that the table does not grow.
    fn forget_vanished(&mut self, due: &[WorkItem], limit: usize) {
        if due.len() < limit {
            self.parked.retain(|id, _| due.iter().any(|item| item.id == *id));
        }
    }

    fn put_down(&mut self, ground: &Ground, done: Result<Done, tokio::task::JoinError>) {
        let done = match done {
            Ok(done) => done,
            Err(error) => {
                // A panic in a worker: its work is retried like a failure.
                let Some(id) = self.busy.remove(&error.id()) else { return };
                tracing::error!(%error, id, "a worker broke off");
                Done { id, again: None, failed: true }
            }
        };
        self.busy.retain(|_, id| *id != done.id);
        if done.failed {
            let failures = self.parked.get(&done.id).map_or(0, |p| p.failures) + 1;
            let delay = FIRST_RETRY.saturating_mul(1 << failures.min(10)).min(LAST_RETRY);
            self.parked.insert(done.id, Parked { until: ground.now().plus(delay), failures });
        } else if let Some(again) = done.again {
            self.parked.insert(done.id, Parked { until: ground.now().plus(again), failures: 0 });
        } else {
            self.parked.remove(&done.id);
        }
    }
}

async fn one<W: Worker>(ground: Ground, worker: Arc<W>, item: WorkItem) -> Done {
    let id = item.id.clone();
    let finished = match worker.work(&item).await {
        Ok(Outcome::Later(again)) => return Done { id, again: Some(again), failed: false },
        Ok(Outcome::Settled) => Ok(()),
        Ok(Outcome::Finished(mut changes)) => {
            changes.finish(&item);
            ground.store.commit(changes).await.map_err(Into::into)
        }
        Err(error) => Err(error),
    };
    if let Err(error) = &finished {
        tracing::warn!(topic = W::TOPIC, id, %error, "work failed and will be tried again");
    }
    Done { id, again: None, failed: finished.is_err() }
}
