//! Moving messages on: dead letters back to the queues that they came from, or to another one.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html>

use std::{error::Error as StdError, time::Duration};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_store::{Changes, Error as StoreError, Expect, Held, Keys, List, Noun, Range, WorkItem};

use super::{Caller, Error, Queue, QueueName, Queues, message::Message};
use crate::work::{Outcome, Worker};

/// So many are moved in one commit.
const PAGE: usize = 100;
/// Moves that are over are known for so many of each queue.
const SHOWN: usize = 10;

/// Messages that are being moved, or were.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Move {
    /// What it can be cancelled by.
    pub handle: String,
    /// From this queue.
    pub from: QueueName,
    /// To this one; otherwise each to where it came from.
    pub to: Option<QueueName>,
    /// At most so many a second.
    pub rate: Option<u32>,
    /// How far it is.
    pub status: MoveStatus,
    /// How many were moved.
    pub moved: u64,
    /// How many there were to be moved at the start.
    pub planned: u64,
    /// When it began.
    pub started: Timestamp,
    /// Why it failed.
    pub failure: Option<String>,
}

/// How far a move is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum MoveStatus {
    /// It goes on.
    Running,
    /// All are moved.
    Completed,
    /// It was asked to end.
    Cancelling,
    /// It ended before all were moved.
    Cancelled,
    /// It could not go on.
    Failed,
}

impl Move {
    fn is_over(&self) -> bool {
        !matches!(self.status, MoveStatus::Running | MoveStatus::Cancelling)
    }
}

impl Noun for Move {
    const KIND: &'static str = "queue-move";

    fn scope(&self) -> String {
        self.from.scope.to_string()
    }

    fn id(&self) -> String {
        self.handle.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add("from", format!("{}/{:019}", self.from.name, self.started.millis().max(0)));
    }
}

impl Queues {
    /// Begins to move the messages of a queue that takes dead letters. It goes on after a crash.
    pub async fn start_move(
        &self,
        caller: &Caller<'_>,
        from: &QueueName,
        to: Option<QueueName>,
        rate: Option<u32>,
    ) -> Result<String, Error> {
        let gone = |error| match error {
            Error::NoQueue => Error::NoMove(
                "The resource that you specified for the SourceArn parameter doesn't exist.".to_owned(),
            ),
            error => error,
        };
        let queue = self.describe(caller, from, "sqs:StartMessageMoveTask").await.map_err(gone)?;
        if let Some(rate) = rate.filter(|rate| !(1..=500).contains(rate)) {
            let reason = "Must be an integer between 1 and 500.";
            return Err(Error::parameter(rate, "MaxNumberOfMessagesPerSecond", reason));
        }
        if self.sources(caller, from, 1, None).await?.0.is_empty() {
            let reason = "Source queue must be configured as a Dead Letter Queue.";
            return Err(Error::parameter(from.arn(), "SourceArn", reason));
        }
        if let Some(to) = &to {
            let target = self.describe(caller, to, "sqs:SendMessage").await.map_err(|error| match error {
                Error::NoQueue => Error::NoMove(
                    "The resource that you specified for the DestinationArn parameter doesn't exist."
                        .to_owned(),
                ),
                error => error,
            })?;
            if target.settings.fifo.is_some() != queue.settings.fifo.is_some() || to == from {
                let reason = "It must be another queue of the same type as the source.";
                return Err(Error::parameter(to.arn(), "DestinationArn", reason));
            }
        }
        if self.moves(caller, from, 1).await?.first().is_some_and(|latest| !latest.is_over()) {
            let words = "There is already a task running. Only one active task is allowed for a source queue arn at a given time.";
            return Err(Error::Unsupported(words.to_owned()));
        }
        let (now, handle) = (self.ground.now(), self.ground.uuid());
        let [planned, ..] = self.counts(&queue).await?;
        let begun = Move {
            handle: handle.clone(),
            from: from.clone(),
            to,
            rate,
            status: MoveStatus::Running,
            moved: 0,
            planned,
            started: now,
            failure: None,
        };
        let mut changes = Changes::new();
        changes.put(&begun, Expect::Absent)?;
        changes.schedule(WorkItem::now(Moves::TOPIC, handle.clone(), from.scope.to_string()));
        self.note(&mut changes, caller, "sqs:StartMessageMoveTask", &queue)?;
        self.ground.store.commit(changes).await?;
        Ok(handle)
    }

    /// Asks a move to end; says how many messages were moved.
    pub async fn cancel_move(&self, caller: &Caller<'_>, scope: &str, handle: &str) -> Result<u64, Error> {
        loop {
            let held = self.ground.store.get::<Move>(scope, handle).await?;
            let none = || Error::NoMove("Task does not exist.".to_owned());
            let Held { version, value: mut moving } = held.ok_or_else(none)?;
            self.describe(caller, &moving.from, "sqs:CancelMessageMoveTask").await?;
            if moving.status != MoveStatus::Running {
                return Err(none());
            }
            moving.status = MoveStatus::Cancelling;
            let mut changes = Changes::new();
            changes.put(&moving, Expect::Version(version))?;
            match self.ground.store.commit(changes).await {
                Err(StoreError::Conflict(_)) => {}
                done => return done.map(|()| moving.moved).map_err(Error::from),
            }
        }
    }

    /// The latest moves from the queue, the last first.
    pub async fn moves(
        &self,
        caller: &Caller<'_>,
        from: &QueueName,
        limit: usize,
    ) -> Result<Vec<Move>, Error> {
        self.describe(caller, from, "sqs:ListMessageMoveTasks").await?;
        let of_queue = Range::prefix(&format!("{}/", from.name));
        let asked = List::in_scope(&from.scope).by("from").within(of_queue).descending(true);
        let page = self.ground.store.list::<Move>(asked.limit(limit.min(SHOWN))).await?;
        Ok(page.items.into_iter().map(|held| held.value).collect())
    }
}

/// Moves messages, by the handle of the move.
pub struct Moves(pub(super) Queues);

#[async_trait]
impl Worker for Moves {
    const TOPIC: &'static str = "queue-moves";
    const WIDTH: usize = 4;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn StdError + Send + Sync>> {
        let mut left = None;
        loop {
            let Some(held) = self.0.ground.store.get::<Move>(&item.body, &item.id).await? else {
                return Ok(Outcome::Finished(Changes::new()));
            };
            let Held { version, value: mut moving } = held;
            if moving.status == MoveStatus::Cancelling {
                moving.status = MoveStatus::Cancelled;
            }
            if !moving.is_over() {
                // What may be moved in this second, in a few commits.
                let rest = left.unwrap_or(moving.rate.map_or(u64::MAX, u64::from));
                match self.step(&mut moving, version, rest).await {
                    // Somebody received one of them, or asked it to end: look again.
                    Err(Error::Store(StoreError::Conflict(_)) | Error::Concurrent) => continue,
                    Err(Error::Store(error)) => return Err(error.into()),
                    Err(error) => {
                        moving.status = MoveStatus::Failed;
                        moving.failure = Some(error.to_string());
                    }
                    Ok(0) => moving.status = MoveStatus::Completed,
                    Ok(moved) if moving.rate.is_some() && moved >= rest => {
                        return Ok(Outcome::Later(Duration::from_secs(1)));
                    }
                    Ok(moved) => {
                        left = Some(rest - moved.min(rest));
                        continue;
                    }
                }
            }
            let mut changes = Changes::new();
            changes.put(&moving, Expect::Version(version))?;
            return Ok(Outcome::Finished(changes));
        }
    }
}

impl Moves {
    /// Takes some away, at most so many; says how many.
    async fn step(&self, moving: &mut Move, version: u64, rest: u64) -> Result<u64, Error> {
        let Queues { ground, .. } = &self.0;
        let source = self.0.desk(&moving.from).await?;
        let open = source.open.read().await.clone().ok_or(Error::NoQueue)?;
        let now = ground.now();
        let most = usize::try_from(rest).unwrap_or(PAGE).min(PAGE);
        let visible = Range::numbers(None, Some(now.millis().saturating_add(1)));
        let asked = List::in_scope(open.queue.shelf()).by("due").within(visible).limit(most);
        let found = ground.store.list::<Message>(asked).await?.items;
        let Some(first) = found.first() else { return Ok(0) };
        let to = self.destination(moving, &first.value)?;
        // One destination a commit: the others follow in their turn.
        let same = |held: &Held<Message>| self.destination(moving, &held.value).is_ok_and(|name| name == to);
        let some: Vec<_> = found.into_iter().take_while(same).collect();
        let desk = self.0.desk(&to).await?;
        let target = desk.open.read().await;
        let queue: &Queue = &target.as_ref().ok_or(Error::NoQueue)?.queue;
        let (mut changes, count, mut moved) = (Changes::new(), some.len() as u64, 0);
        for held in some {
            // AWS makes it a new message, with an id and a time of its own.
            let new = Message {
                id: ground.uuid(),
                sent: now,
                due: now,
                received: 0,
                before: 0,
                first_received: None,
                receipt: None,
                source: None,
                ..held.value.clone()
            };
            let place = (queue.shelf(), desk.place(now));
            moved += usize::from(self.0.put_over(&mut changes, held, new, place).await?);
        }
        moving.moved += moved as u64;
        changes.put(moving, Expect::Version(version))?;
        ground.store.commit(changes).await?;
        source.outdate();
        desk.outdate();
        desk.tell(Timestamp::default(), moved);
        Ok(count)
    }

    fn destination(&self, moving: &Move, message: &Message) -> Result<QueueName, Error> {
        let came_from = || message.source.as_ref().and_then(QueueName::of_arn);
        moving.to.clone().or_else(came_from).ok_or_else(|| {
            Error::Invalid("a message did not come from another queue: name a destination".to_owned())
        })
    }
}
