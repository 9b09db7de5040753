//! The one loop that does the store's work: takes what is due on a topic, has it done, and tries again later what
//! failed. Every room's `watch.rs` is a [`Worker`] for it.
//!
//! Work that waits is in the store and not here: only what is in hand, or rests, is known in memory. Each lane of a
//! topic has hands of its own: one in which everything is slow keeps no other waiting. Where lanes would have more hands
//! than there are, each has its share, which gets smaller as others come; one that comes has its own at once.

mod crew;
mod lane;
mod share;
#[cfg(test)]
mod tests;

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use trainyard_store::{Changes, WorkItem};

use self::crew::Crew;
use crate::ground::Ground;

/// Why work failed, for the log.
pub type Trouble = Box<dyn std::error::Error + Send + Sync>;

/// Does the work of one topic. Work may be given twice (after a crash, or when it failed): doing it again must be safe.
#[async_trait]
pub trait Worker: Send + Sync + 'static {
    /// The topic.
    const TOPIC: &'static str;
    /// How many pieces of one lane at a time.
    const WIDTH: usize = 16;

    /// The hands of a lane.
    fn hands(&self, _lane: &str) -> Hands {
        Hands { most: Self::WIDTH, handful: 1 }
    }

    /// Does one piece of work. An error is logged, and the work is tried again with growing delay, for ever:
    /// a worker that wants to give up says so by [`Outcome::Finished`].
    async fn work(&self, item: &WorkItem) -> Result<Outcome, Trouble>;

    /// Does a handful of pieces of one lane, and says what came of each, in their order.
    async fn work_together(&self, items: &[WorkItem]) -> Vec<Result<Outcome, Trouble>> {
        futures::future::join_all(items.iter().map(|item| self.work(item))).await
    }
}

/// How a lane is worked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hands {
    /// At most so many hands at a time, and no more than its share; half of them for each piece that is not done, down to
    /// one, and one more for each that is.
    pub most: usize,
    /// What one hand takes at once, at most.
    pub handful: usize,
}

/// What came of a piece of work.
pub enum Outcome {
    /// It is done: commit these changes and, with them, take the work off the topic.
    Finished(Changes),
    /// It is done, and the worker has committed what came of it and taken the work off itself.
    Settled,
    /// It could not be done, and these changes schedule it anew: commit them. Others of its lane may fare no better.
    Postponed(Changes),
    /// Its lane has done enough for now: nothing of it is taken up for a while. Nothing is written.
    Enough(Duration),
    /// Look again after a while. Nothing is written: after a restart it is looked at once.
    Later(Duration),
}

/// So many hands are shared by the lanes of one topic. While lanes still have more than their share others take theirs,
/// up to twice as many in all.
const ALL_HANDS: usize = 256;
/// So many hands of one topic are busy at most: beyond the others, one for each lane that has none. Each may hold a
/// connection, and a thousand of these are what a process may have where nobody has said more.
const MOST_HANDS: usize = 768;

const FIRST_RETRY: Duration = Duration::from_millis(200);
const LAST_RETRY: Duration = Duration::from_secs(30);
/// Correctness never depends on a hint: a lost one costs at most this.
const SWEEP: Duration = Duration::from_secs(5);

/// How long the work in hand may take when the loop ends. What is cut off is begun again at the next start.
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Runs the topic's loop until `stop`, then waits a while for the work in hand.
pub async fn run<W: Worker>(ground: Ground, worker: Arc<W>, stop: CancellationToken) {
    let bell = ground.store.hint(W::TOPIC);
    let mut crew = Crew::new(worker);
    let (mut everywhere, mut swept) = (true, Instant::now());
    loop {
        // A room may have many loops, and each is part of its own.
        let looked = Box::pin(crew.look(&ground, everywhere)).await;
        if looked.is_ok() && everywhere {
            (everywhere, swept) = (false, Instant::now());
        }
        let wait = match looked {
            Ok(()) => crew.rest(ground.now()).min(SWEEP.saturating_sub(swept.elapsed())),
            Err(error) => {
                tracing::warn!(topic = W::TOPIC, %error, "cannot read the work that is due");
                FIRST_RETRY
            }
        };
        tokio::select! {
            () = stop.cancelled() => return crew.last_words().await,
            () = bell.notified() => {
                let lanes = bell.lanes();
                everywhere |= lanes.is_empty();
                crew.hear(lanes);
            }
            () = tokio::time::sleep(wait) => everywhere |= swept.elapsed() >= SWEEP,
            () = crew.put_down(&ground), if crew.is_busy() => {}
        }
    }
}
