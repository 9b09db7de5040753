//! The hands of a topic: which lane they are taken to next, and what they bring back.

use std::{collections::HashMap, sync::Arc, time::Duration};

use tokio::task::{Id, JoinError, JoinSet};
use trainyard_domain::Timestamp;
use trainyard_store::{Error as StoreError, WorkItem};

use super::{
    LAST_WORDS, Outcome, SWEEP, Trouble, Worker,
    lane::{End, Lane, Name},
    share::{free, share},
};
use crate::ground::Ground;

pub(super) struct Crew<W> {
    worker: Arc<W>,
    lanes: HashMap<Arc<str>, Lane>,
    tasks: JoinSet<Vec<End>>,
    /// What each task has in hand.
    held: HashMap<Id, (Arc<str>, Vec<Name>)>,
    turns: u64,
}

impl<W: Worker> Crew<W> {
    pub(super) fn new(worker: Arc<W>) -> Self {
        Self { worker, lanes: HashMap::new(), tasks: JoinSet::new(), held: HashMap::new(), turns: 0 }
    }

    /// These lanes have something that is due then.
    pub(super) fn hear(&mut self, lanes: impl IntoIterator<Item = (String, Timestamp)>) {
        for (name, due) in lanes {
            match self.lanes.get_mut(&*name) {
                Some(lane) => lane.expect(due),
                None => {
                    let mut lane = Lane::new(self.worker.hands(&name));
                    lane.expect(due);
                    self.lanes.insert(name.into(), lane);
                }
            }
        }
    }

    /// Takes up what is due, in the lanes that are known of or in all. Lanes that have nothing in hand come first, and
    /// of these the one whose last turn is longest ago.
    ///
    /// An error is that not all lanes could be asked for: those that are known of were looked at.
    pub(super) async fn look(&mut self, ground: &Ground, everywhere: bool) -> Result<(), StoreError> {
        let asked = if everywhere { ground.store.lanes(W::TOPIC).await } else { Ok(Vec::new()) };
        let asked = asked.map(|lanes| self.hear(lanes));
        let now = ground.now();
        let share = self.share(now);
        let mut ready: Vec<_> = self
            .lanes
            .iter()
            .filter(|(_, lane)| lane.wakes().is_some_and(|wakes| wakes <= now))
            .map(|(name, lane)| (lane.busy > 0, lane.turn, Arc::clone(name)))
            .collect();
        ready.sort_unstable();
        for (_, _, name) in ready {
            let Some(lane) = self.lanes.get_mut(&name) else { continue };
            let free = free(share, (lane.busy, self.held.len()));
            if free == 0 {
                continue;
            }
            self.turns += 1;
            lane.turn = self.turns;
            let agenda = match ground.store.agenda((W::TOPIC, &name), now, lane.wanted(now, free)).await {
                Ok(agenda) => agenda,
                Err(error) => {
                    tracing::warn!(topic = W::TOPIC, lane = &*name, %error, "cannot read the work that is due");
                    lane.unread(now);
                    continue;
                }
            };
            for handful in lane.take(agenda, now) {
                let names = handful.iter().map(|item| Name { id: item.id.clone(), revision: item.revision });
                let names = names.collect();
                let task = self.tasks.spawn(work(ground.clone(), Arc::clone(&self.worker), handful));
                self.held.insert(task.id(), (Arc::clone(&name), names));
            }
        }
        self.lanes.retain(|_, lane| !lane.is_idle());
        asked
    }

    /// How many hands a lane may have now.
    fn share(&self, now: Timestamp) -> usize {
        share(self.lanes.values().map(|lane| lane.wishes(now)))
    }

    /// How long nothing is to be taken up.
    pub(super) fn rest(&self, now: Timestamp) -> Duration {
        let share = self.share(now);
        let lanes = self.lanes.values().filter(|lane| free(share, (lane.busy, self.held.len())) > 0);
        lanes.filter_map(Lane::wakes).min().map_or(SWEEP, |next| next.since(now))
    }

    pub(super) fn is_busy(&self) -> bool {
        !self.tasks.is_empty()
    }

    /// Waits for a hand and takes from it what it has done; so with all others that are free by then.
    pub(super) async fn put_down(&mut self, ground: &Ground) {
        let mut next = self.tasks.join_next_with_id().await;
        while let Some(done) = next {
            self.one_put_down(ground.now(), done);
            next = self.tasks.try_join_next_with_id();
        }
    }

    fn one_put_down(&mut self, now: Timestamp, done: Result<(Id, Vec<End>), JoinError>) {
        let (id, ends) = match done {
            Ok(done) => done,
            Err(error) => {
                // A panic in a worker: its work is retried like a failure.
                tracing::error!(%error, topic = W::TOPIC, "a worker broke off");
                (error.id(), Vec::new())
            }
        };
        let Some((lane, names)) = self.held.remove(&id) else { return };
        let Some(lane) = self.lanes.get_mut(&lane) else { return };
        lane.busy -= 1;
        let ends = ends.into_iter().chain(std::iter::repeat(End::Failed));
        for (name, end) in names.into_iter().zip(ends) {
            lane.put_down(name, end, now);
        }
    }

    pub(super) async fn last_words(mut self) {
        let finished = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(LAST_WORDS, finished).await.is_err() {
            self.tasks.shutdown().await;
        }
    }
}

/// Does a handful. What comes of its pieces is committed at once, each by itself: the store writes them together.
async fn work<W: Worker>(ground: Ground, worker: Arc<W>, items: Vec<WorkItem>) -> Vec<End> {
    let outcomes = worker.work_together(&items).await;
    let ends = items.iter().zip(outcomes).map(|(item, outcome)| settled::<W>(&ground, item, outcome));
    futures::future::join_all(ends).await
}

async fn settled<W: Worker>(ground: &Ground, item: &WorkItem, outcome: Result<Outcome, Trouble>) -> End {
    let (committed, end) = match outcome {
        Ok(Outcome::Later(again)) => return End::Again(again),
        Ok(Outcome::Enough(rest)) => return End::Enough(rest),
        Ok(Outcome::Settled) => return End::Off,
        Ok(Outcome::Finished(mut changes)) => {
            changes.finish(item);
            (ground.store.commit(changes).await.map_err(Trouble::from), End::Off)
        }
        Ok(Outcome::Postponed(mut changes)) => {
            // It stays if it was scheduled anew with these.
            changes.finish(item);
            (ground.store.commit(changes).await.map_err(Trouble::from), End::Postponed)
        }
        Err(error) => (Err(error), End::Failed),
    };
    match committed {
        Ok(()) => end,
        Err(error) => {
            tracing::warn!(topic = W::TOPIC, id = item.id, %error, "work failed and will be tried again");
            End::Failed
        }
    }
}
