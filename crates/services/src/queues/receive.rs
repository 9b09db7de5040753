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
    flights,
    letter::check_order_id,
    message::{Apart, Handle, Lost, Message, place_id},
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
            let wait = receiving.wait.unwrap_or(open.queue.settings.wait);
            let end = started + Duration::from_secs(wait.into());
            let found = self.look(&desk, &open, receiving).await?;
            let is_full = found.is_none();
            if is_full && wait == 0 && desk.flights.is_full() {
                return Err(Error::OverLimit(self.most_in_flight));
            }
            let found = found.unwrap_or_default();
            if !found.is_empty() || Instant::now() >= end {
                return Ok(found);
            }
            let next = if is_full { flights::PAUSE } else { desk.next().since(self.ground.now()).min(SWEEP) };
            let look_again = end.min(Instant::now() + next.max(Duration::from_millis(1)));
            tokio::select! {
                () = told => {}
                () = sleep_until(look_again) => {}
            }
        }
    }

    /// Looks once; nothing if no more may be in flight. What is taken is handed out or put down again even when the
    /// receiver goes away meanwhile.
    async fn look(
        &self,
        desk: &Arc<Desk>,
        open: &Arc<Open>,
        receiving: &Receiving,
    ) -> Result<Option<Vec<Received>>, Error> {
        if self.ground.now() < desk.next() && receiving.attempt.is_none() {
            return Ok(Some(Vec::new()));
        }
        let (rooms, desk, open, receiving) =
            (self.clone(), Arc::clone(desk), Arc::clone(open), receiving.clone());
        to_the_end(async move { rooms.take(&desk, &open, &receiving).await }).await
    }

    async fn take(
        &self,
        desk: &Desk,
        open: &Open,
        receiving: &Receiving,
    ) -> Result<Option<Vec<Received>>, Error> {
        let received = match open.queue.settings.fifo {
            Some(_) => self.take_in_order(desk, open, receiving).await?,
            None => {
                let most = self.room(desk, open, receiving.most.unwrap_or(1) as u64).await?;
                if most == 0 {
                    return Ok(None);
                }
                let received = self.take_loose(desk, open, receiving, most as usize).await;
                desk.flights.handed_out(most, received.as_ref().map_or(0, Vec::len) as u64);
                received?
            }
        };
        Ok(Some(received.into_iter().map(|(message, letter)| told(message, letter)).collect()))
    }

    /// For how many more messages in flight, of `most`, there is room: it is taken. They are counted only when there may
    /// be none, and by one for all who ask meanwhile.
    async fn room(&self, desk: &Desk, open: &Open, most: u64) -> Result<u64, Error> {
        let flights = &desk.flights;
        let taken = flights.take(most);
        if taken > 0 {
            return Ok(taken);
        }
        let _counting = flights.counting.lock().await;
        let taken = flights.take(most);
        if taken > 0 {
            return Ok(taken);
        }
        if let Some(count) = flights.count(self.ground.now()) {
            let counted = self.counts_of_hidden(&open.queue).await;
            let [in_flight, _] = counted.inspect_err(|_| flights.forget())?;
            flights.counted(&count, self.most_in_flight.saturating_sub(in_flight));
        }
        Ok(flights.take(most))
    }

    async fn take_loose(
        &self,
        desk: &Desk,
        open: &Open,
        receiving: &Receiving,
        most: usize,
    ) -> Result<Vec<(Message, Letter)>, Error> {
        let shelf = open.queue.shelf();
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

    /// Commits what becomes of the messages; says those that were received, with their letters.
    pub(super) async fn hand_out(
        &self,
        desk: &Desk,
        open: &Open,
        receiving: &Receiving,
        taken: Vec<Held<Message>>,
    ) -> Result<Vec<(Message, Letter)>, Error> {
        let (queue, settings, now) = (&open.queue, &open.queue.settings, self.ground.now());
        let seconds = receiving.visibility.unwrap_or(settings.visibility);
        let (mut changes, mut alive, mut dead) = (Changes::new(), Vec::new(), Vec::new());
        for held in taken {
            match fate(&held.value, settings, now) {
                Fate::Expired => remove(&mut changes, &held.value, held.version),
                Fate::Dead => dead.push(held),
                Fate::Received => alive.push(held),
            }
        }
        let mut buried = self.bury(queue, dead, now).await?;
        alive.append(&mut buried.kept);
        let letters = futures::future::join_all(alive.iter().map(|held| self.letter_of(held))).await;
        let mut received = Vec::with_capacity(alive.len());
        for (Held { version, value: mut message }, letter) in alive.into_iter().zip(letters) {
            let Some(letter) = letter? else {
                lose(&mut changes, message, version)?;
                continue;
            };
            receive(&mut message, seconds, self.ground.uuid(), now);
            changes.put(&message, Expect::Version(version))?;
            received.push((message, letter));
        }
        changes.merge(std::mem::take(&mut buried.changes));
        self.ground.store.commit(changes).await?;
        buried.done();
        if let Some(first) = received.iter().map(|(message, _)| message.due).min() {
            // Who waits may have been told of a later moment.
            desk.tell(first, received.len());
        }
        Ok(received)
    }

    /// What the message says; none if that is lost, or cannot be read. If it is only that the message was changed since
    /// it was read, it is a conflict, as its commit would be: look again.
    pub(super) async fn letter_of(&self, held: &Held<Message>) -> Result<Option<Letter>, StoreError> {
        let Held { version, value: message } = held;
        if let Some(letter) = &message.letter {
            return Ok(Some(letter.clone()));
        }
        let (store, shelf, id) = (&self.ground.store, &message.shelf, place_id(message.place));
        match store.get::<Apart>(shelf, &id).await {
            Ok(Some(apart)) => return Ok(Some(apart.value.letter)),
            Ok(None) => {}
            Err(StoreError::Poisoned { .. }) => return Ok(None),
            Err(error) => return Err(error),
        }
        // Message and letter come and go together: a message that is as it was has lost its letter.
        match store.get::<Message>(shelf, &id).await? {
            Some(now) if now.version == *version => Ok(None),
            _ => Err(StoreError::Conflict(format!("the message {id}"))),
        }
    }
}

/// The message as its receiver sees it.
fn told(message: Message, letter: Letter) -> Received {
    let system = system_attributes(&message, &letter);
    let key = message.receipt.map(|receipt| receipt.key).unwrap_or_default();
    let handle = Handle { shelf: message.shelf, place: message.place, key }.text();
    Received { id: message.id, handle, letter, system }
}

/// Takes a message off its shelf whose letter cannot be read. The letter stays, with all that is known of it.
pub(super) fn lose(changes: &mut Changes, message: Message, version: u64) -> Result<(), StoreError> {
    tracing::error!(shelf = message.shelf, id = message.id, "a message cannot be read, and is put aside");
    changes.delete::<Message>(&message.shelf, &place_id(message.place), Expect::Version(version));
    changes.put(&Lost(message), Expect::Any)?;
    Ok(())
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
