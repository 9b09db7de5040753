//! Clearing away: shelves that were given up, messages that were kept long enough, what need not be known any more.

use std::{error::Error as StdError, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio_util::sync::CancellationToken;
use trainyard_store::{Changes, Error as StoreError, Expect, Held, List, Noun, Range, WorkItem};

use super::{
    Moves, Queue, Queues,
    decide::is_expired,
    dedup::Known,
    message::{Apart, Lost, Message},
    receive::remove,
};
use crate::work::{self, Outcome, Worker};

/// What is expired is never handed out; this is only for the room that it takes.
const EVERY: Duration = Duration::from_secs(60);
/// So many at a time.
const PAGE: usize = 500;

impl Queues {
    /// Runs the room's loops until `stop`.
    pub async fn watch(&self, stop: CancellationToken) {
        let shelves = work::run(self.ground.clone(), Arc::new(Shelves(self.clone())), stop.clone());
        let sweeping = async {
            while stop.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_some() {
                if let Err(error) = self.sweep().await {
                    tracing::warn!(%error, "expired messages cannot be let go of");
                }
            }
        };
        let moves = work::run(self.ground.clone(), Arc::new(Moves(self.clone())), stop.clone());
        futures::join!(shelves, moves, sweeping);
    }

    /// Lets go of what is expired, in all queues; how many messages that were.
    pub async fn sweep(&self) -> Result<usize, StoreError> {
        let (mut swept, mut after) = (0, None);
        loop {
            let page = self.ground.store.list::<Queue>(List::everywhere().after(after)).await?;
            for Held { value: queue, .. } in page.items {
                swept += self.sweep_queue(&queue).await?;
            }
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        let now = self.ground.now().millis();
        let known = || List::everywhere().by("until").within(Range::numbers(None, Some(now))).limit(PAGE);
        while self.remove_page::<Known>(known()).await? {}
        Ok(swept)
    }

    /// The oldest come first, so that this ends with the first that is not expired: the cost of a queue without any is
    /// one look. A dead letter is as old as it was in the queue that it came from, but stands behind what was there
    /// before it: it may be kept somewhat longer.
    async fn sweep_queue(&self, queue: &Queue) -> Result<usize, StoreError> {
        let (now, mut swept, mut limit) = (self.ground.now(), 0, 1);
        loop {
            let found = self.ground.store.list::<Message>(List::in_scope(queue.shelf()).limit(limit)).await?;
            let mut changes = Changes::new();
            let expired = found.items.iter().take_while(|held| is_expired(&held.value, &queue.settings, now));
            let mut count = 0;
            for Held { version, value } in expired {
                remove(&mut changes, value, *version);
                count += 1;
            }
            match self.ground.store.commit(changes).await {
                Ok(()) => swept += count,
                // Somebody received one of them at this moment: next time.
                Err(StoreError::Conflict(_)) => return Ok(swept),
                Err(error) => return Err(error),
            }
            if count == 0 || count < found.items.len() || found.next.is_none() {
                return Ok(swept);
            }
            limit = PAGE;
        }
    }

    /// Removes a page of documents; whether there may be more.
    async fn remove_page<T: Noun>(&self, list: List) -> Result<bool, StoreError> {
        let page = self.ground.store.list::<T>(list).await?;
        let mut changes = Changes::new();
        for Held { value, .. } in &page.items {
            changes.delete::<T>(&value.scope(), &value.id(), Expect::Any);
        }
        self.ground.store.commit(changes).await?;
        Ok(page.next.is_some())
    }
}

/// Clears shelves that were given up, by the store's scope of what lies on them.
pub struct Shelves(pub(super) Queues);

#[async_trait]
impl Worker for Shelves {
    const TOPIC: &'static str = "queue-shelves";
    const WIDTH: usize = 2;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn StdError + Send + Sync>> {
        let all = || List::in_scope(&item.id).limit(PAGE);
        while self.0.remove_page::<Message>(all()).await? {}
        while self.0.remove_page::<Apart>(all()).await? {}
        while self.0.remove_page::<Lost>(all()).await? {}
        while self.0.remove_page::<Known>(all()).await? {}
        Ok(Outcome::Finished(Changes::new()))
    }
}
