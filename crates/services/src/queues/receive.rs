//! Receiving.

use std::{sync::Arc, time::Duration};

use tokio::time::{Instant, sleep_until};
use trainyard_domain::Timestamp;
use trainyard_store::{Changes, Error as StoreError, Expect, Held};

use super::{
    Caller, Error, Letter, QueueName, Queues,
    access::admit,
    decide::{Fate, fate, receive},
    desk::{Desk, Kind, Open},
    letter::check_order_id,
    message::{Apart, Handle, Message, place_id},
    to_the_end,
};

/// At most so many messages are received at once.
const MOST: usize = 10;
/// Nothing is hinted at: look again after that.
const SWEEP: Duration = Duration::from_secs(5);

/// How messages are received.
#[derive(Clone, Debug, Default)]
pub struct Receiving {
    /// At most so many: 1 to 10.
    pub most: Option<usize>,
    /// They are not visible for so many seconds; otherwise the queue's own time-out counts.
    pub visibility: Option<u32>,
    /// Waits for so many seconds; otherwise as the queue says.
    pub wait: Option<u32>,
    /// In a queue that keeps order: the same attempt made again within five minutes gets the same messages.
    pub attempt: Option<String>,
}

/// A message that was received.
#[derive(Clone, Debug, PartialEq)]
pub struct Received {
    /// Its id.
    pub id: String,
    /// What it can be deleted with.
    pub handle: String,
    /// What it says.
    pub letter: Letter,
    /// The attributes that the queue gave it, by AWS's names.
    pub system: Vec<(&'static str, String)>,
}

impl Queues {
    /// Receives messages: waits until there is at least one, or for the time given.
    pub async fn receive(
        &self,
        caller: &Caller<'_>,
        name: &QueueName,
        receiving: &Receiving,
    ) -> Result<Vec<Received>, Error> {
        receiving.check()?;
        let desk = self.desk(name).await?;
        let started = Instant::now();
        loop {
            // Asked for before looking: what is told meanwhile is heard.
            let told = desk.bell().notified();
            tokio::pin!(told);
            told.as_mut().enable();
            let open = desk.open.read().await.clone().ok_or(Error::NoQueue)?;
            admit(&open.queue, open.policy.as_ref(), caller, "sqs:ReceiveMessage")?;
            if receiving.attempt.is_some() && open.queue.settings.fifo.is_none() {
                let reason = "The request include parameter that is not valid for this queue type";
                return Err(Error::parameter("", "ReceiveRequestAttemptId", reason));
            }
            let found = self.look(&desk, &open, receiving).await?;
            let wait = receiving.wait.unwrap_or(open.queue.settings.wait);
            let end = started + Duration::from_secs(wait.into());
            if !found.is_empty() || Instant::now() >= end {
                return Ok(found);
            }
            let next = desk.next().since(self.ground.now()).min(SWEEP);
            let look_again = end.min(Instant::now() + next.max(Duration::from_millis(1)));
            tokio::select! {
                () = told => {}
                () = sleep_until(look_again) => {}
            }
        }
    }

    /// Looks once. What is taken is handed out or put down again even when the receiver goes away meanwhile.
    async fn look(
        &self,
        desk: &Arc<Desk>,
        open: &Arc<Open>,
        receiving: &Receiving,
    ) -> Result<Vec<Received>, Error> {
        if self.ground.now() < desk.next() && receiving.attempt.is_none() {
            return Ok(Vec::new());
        }
        let (rooms, desk, open, receiving) =
            (self.clone(), Arc::clone(desk), Arc::clone(open), receiving.clone());
        to_the_end(async move { rooms.take(&desk, &open, &receiving).await }).await
    }

    async fn take(&self, desk: &Desk, open: &Open, receiving: &Receiving) -> Result<Vec<Received>, Error> {
        let received = match open.queue.settings.fifo {
            Some(_) => self.take_in_order(desk, open, receiving).await?,
            None => self.take_loose(desk, open, receiving).await?,
        };
        let mut told = Vec::with_capacity(received.len());
        for message in received {
            told.push(self.told(message).await?);
        }
        Ok(told)
    }

    async fn take_loose(
        &self,
        desk: &Desk,
        open: &Open,
        receiving: &Receiving,
    ) -> Result<Vec<Message>, Error> {
        let (shelf, most) = (open.queue.shelf(), receiving.most.unwrap_or(1));
        loop {
            let now = self.ground.now();
            let taken = {
                let mut order = desk.order.lock().await;
                let here = order.shelf == open.queue.shelf;
                let Kind::Loose(loose) = &mut order.kind else { return Ok(Vec::new()) };
                if !here {
                    return Ok(Vec::new());
                }
                desk.forget_next();
                let taken = loose.take(&self.ground.store, &shelf, now, most).await;
                match &taken {
                    Ok((_, Some(next))) => desk.expect(*next),
                    _ => desk.expect(Timestamp::default()),
                }
                taken?.0
            };
            if taken.is_empty() {
                return Ok(Vec::new());
            }
            let places: Vec<u64> = taken.iter().map(|held| held.value.place).collect();
            let done = self.hand_out(desk, open, receiving, taken).await;
            let changed_meanwhile = matches!(&done, Err(Error::Store(StoreError::Conflict(_))));
            if let Kind::Loose(loose) = &mut desk.order.lock().await.kind {
                loose.put_down(places);
                if done.is_err() {
                    loose.forget();
                }
            }
            match done {
                Err(error) => {
                    desk.tell(Timestamp::default(), 1);
                    if !changed_meanwhile {
                        return Err(error);
                    }
                }
                // All of them were expired or dead: there may be others.
                Ok(received) if received.is_empty() => {}
                Ok(received) => return Ok(received),
            }
        }
    }

    /// Commits what becomes of the messages; says those that were received.
    pub(super) async fn hand_out(
        &self,
        desk: &Desk,
        open: &Open,
        receiving: &Receiving,
        taken: Vec<Held<Message>>,
    ) -> Result<Vec<Message>, Error> {
        let (queue, settings, now) = (&open.queue, &open.queue.settings, self.ground.now());
        let seconds = receiving.visibility.unwrap_or(settings.visibility);
        let (mut changes, mut received, mut dead) = (Changes::new(), Vec::new(), Vec::new());
        for Held { version, value: mut message } in taken {
            match fate(&message, settings, now) {
                Fate::Expired => remove(&mut changes, &message, version),
                Fate::Dead => dead.push(Held { version, value: message }),
                Fate::Received => {
                    receive(&mut message, seconds, self.ground.uuid(), now);
                    changes.put(&message, Expect::Version(version))?;
                    received.push(message);
                }
            }
        }
        let mut buried = self.bury(queue, dead, now).await?;
        for Held { version, value: mut message } in buried.kept.drain(..) {
            receive(&mut message, seconds, self.ground.uuid(), now);
            changes.put(&message, Expect::Version(version))?;
            received.push(message);
        }
        changes.merge(std::mem::take(&mut buried.changes));
        self.ground.store.commit(changes).await?;
        buried.done();
        if let Some(first) = received.iter().map(|message| message.due).min() {
            // Who waits may have been told of a later moment.
            desk.tell(first, received.len());
        }
        Ok(received)
    }

    /// The message as its receiver sees it.
    async fn told(&self, mut message: Message) -> Result<Received, Error> {
        let letter = match message.letter.take() {
            Some(letter) => letter,
            None => {
                let id = place_id(message.place);
                let apart = self.ground.store.get::<Apart>(&message.shelf, &id).await?;
                // It was removed at this very moment.
                apart.map(|held| held.value.letter).ok_or(Error::Concurrent)?
            }
        };
        let system = system_attributes(&message, &letter);
        let key = message.receipt.map(|receipt| receipt.key).unwrap_or_default();
        let handle = Handle { shelf: message.shelf, place: message.place, key }.text();
        Ok(Received { id: message.id, handle, letter, system })
    }
}

/// Removes the message with its letter.
pub(super) fn remove(changes: &mut Changes, message: &Message, version: u64) {
    let id = place_id(message.place);
    changes.delete::<Message>(&message.shelf, &id, Expect::Version(version));
    if message.letter.is_none() {
        changes.delete::<Apart>(&message.shelf, &id, Expect::Any);
    }
}

fn system_attributes(message: &Message, letter: &Letter) -> Vec<(&'static str, String)> {
    let mut system = vec![
        ("SenderId", message.sender.clone()),
        ("ApproximateFirstReceiveTimestamp", message.first_received.unwrap_or_default().millis().to_string()),
        ("ApproximateReceiveCount", message.received.to_string()),
        ("SentTimestamp", message.sent.millis().to_string()),
    ];
    let trace = letter.trace.as_ref().and_then(|trace| trace.string_value.clone());
    let in_order = message.dedup.as_ref().map(|_| message.place.to_string());
    let more = [
        ("MessageGroupId", message.group.clone()),
        ("MessageDeduplicationId", message.dedup.clone()),
        ("SequenceNumber", in_order),
        ("AWSTraceHeader", trace),
        ("DeadLetterQueueSourceArn", message.source.as_ref().map(ToString::to_string)),
    ];
    system.extend(more.into_iter().filter_map(|(name, value)| Some((name, value?))));
    system
}

impl Receiving {
    fn check(&self) -> Result<(), Error> {
        let bound = |value: Option<u32>, name: &str, most: u32| match value {
            Some(value) if value > most => {
                Err(Error::parameter(value, name, &format!("Must be >= 0 and <= {most}, if provided.")))
            }
            _ => Ok(()),
        };
        bound(self.visibility, "VisibilityTimeout", 43_200)?;
        bound(self.wait, "WaitTimeSeconds", 20)?;
        let order_id = |id: &String| check_order_id("ReceiveRequestAttemptId", id);
        self.attempt.as_ref().map_or(Ok(()), order_id)?;
        match self.most {
            Some(most) if !(1..=MOST).contains(&most) => {
                Err(Error::parameter(most, "MaxNumberOfMessages", "Must be between 1 and 10, if provided."))
            }
            _ => Ok(()),
        }
    }
}
