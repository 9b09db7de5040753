//! Moving dead letters to the queue that takes them.

use std::sync::Arc;

use tokio::sync::OwnedRwLockReadGuard;
use trainyard_domain::Timestamp;
use trainyard_store::{Changes, Expect, Held};

use super::{
    Error, Queue, QueueName, Queues,
    desk::{Desk, Open},
    message::{Apart, Message},
    receive::{lose, remove},
};

/// A queue that nobody changes as long as this is held.
type HeldOpen = OwnedRwLockReadGuard<Option<Arc<Open>>>;

/// What becomes of dead letters, to be committed.
#[derive(Default)]
pub(super) struct Buried {
    /// Takes them from the one shelf to the other.
    pub(super) changes: Changes,
    /// Those that nobody takes.
    pub(super) kept: Vec<Held<Message>>,
    moved: usize,
    /// Held until they are there: see [`Desk::open`].
    to: Option<(Arc<Desk>, HeldOpen)>,
}

impl Buried {
    /// It is committed.
    pub(super) fn done(self) {
        if let (Some((desk, _)), true) = (self.to, self.moved > 0) {
            desk.outdate();
            desk.tell(Timestamp::default(), self.moved);
        }
    }
}

impl Queues {
    /// Moves dead letters of the queue to where its redrive policy says. Nobody takes them if there is no such queue, if
    /// it does not take letters from this one, or if it is being changed at this moment: then they are received once
    /// more, which is better than being stuck.
    pub(super) async fn bury(
        &self,
        queue: &Queue,
        dead: Vec<Held<Message>>,
        now: Timestamp,
    ) -> Result<Buried, Error> {
        let mut buried = Buried::default();
        let name = queue.settings.redrive.as_ref().and_then(|redrive| QueueName::of_arn(&redrive.to));
        let (false, Some(name)) = (dead.is_empty(), name) else {
            buried.kept = dead;
            return Ok(buried);
        };
        let desk = match self.desk(&name).await {
            Ok(desk) => desk,
            Err(Error::NoQueue) => {
                buried.kept = dead;
                return Ok(buried);
            }
            Err(error) => return Err(error),
        };
        let source = queue.arn();
        let open = Arc::clone(&desk.open).try_read_owned().ok();
        let takes = |open: &&Arc<Open>| {
            let allow = &open.queue.settings.redrive_allow;
            open.queue.settings.fifo.is_some() == queue.settings.fifo.is_some()
                && allow.as_ref().is_none_or(|allow| allow.takes_from(&source))
        };
        let shelf = open.as_ref().and_then(|open| open.as_ref().filter(takes)).map(|open| open.queue.shelf());
        let (Some(open), Some(shelf)) = (open, shelf) else {
            buried.kept = dead;
            return Ok(buried);
        };
        for held in dead {
            let value = &held.value;
            let moved = Message {
                source: Some(value.source.clone().unwrap_or_else(|| source.clone())),
                // In a queue that keeps order its time begins anew.
                // https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/setting-up-dead-letter-queue-retention.html
                sent: if queue.settings.fifo.is_some() { now } else { value.sent },
                due: now,
                before: value.received,
                receipt: None,
                ..value.clone()
            };
            let place = (shelf.clone(), desk.place(now));
            let over = self.put_over(&mut buried.changes, held, moved, place).await?;
            buried.moved += usize::from(over);
        }
        buried.to = Some((desk, open));
        Ok(buried)
    }

    /// Takes a message and its letter from its place to another. One that cannot be read is put aside: says whether it
    /// was not.
    pub(super) async fn put_over(
        &self,
        changes: &mut Changes,
        old: Held<Message>,
        new: Message,
        (shelf, place): (String, u64),
    ) -> Result<bool, Error> {
        if old.value.letter.is_none() {
            let Some(letter) = self.letter_of(&old).await? else {
                lose(changes, old.value, old.version)?;
                return Ok(false);
            };
            changes.put(&Apart { shelf: shelf.clone(), place, letter }, Expect::Absent)?;
        }
        remove(changes, &old.value, old.version);
        changes.put(&Message { shelf, place, ..new }, Expect::Absent)?;
        Ok(true)
    }
}
