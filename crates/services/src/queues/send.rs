//! Sending.

use std::{collections::HashMap, sync::Arc};

use trainyard_domain::Timestamp;
use trainyard_store::{Changes, Error as StoreError, Expect};

use super::{
    Caller, Error, Letter, Queue, QueueName, Queues,
    access::admit,
    dedup::{self, By, Known},
    desk::{Desk, Kind, Open},
    digest,
    letter::check_order_id,
    message::Message,
    settings::LARGEST,
    to_the_end,
};

/// A message to be sent.
#[derive(Clone, Debug, Default)]
pub struct Sending {
    /// What it says.
    pub letter: Letter,
    /// It is not visible for so many seconds; otherwise the queue's own delay counts.
    pub delay: Option<u32>,
    /// The message group.
    pub group: Option<String>,
    /// The deduplication id.
    pub dedup: Option<String>,
    /// For a call that may be made again after a crash: what it is known by, so that it is sent once.
    pub token: Option<String>,
    /// What becomes true when it is sent, in the same commit.
    pub with: Changes,
}

/// A message that was sent: it is on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Its id.
    pub id: String,
    /// The MD5 of its body.
    pub body_md5: String,
    /// The MD5 of its attributes, if it has any.
    pub attributes_md5: Option<String>,
    /// The MD5 of its system attributes, if it has any.
    pub system_md5: Option<String>,
    /// Its sequence number, in a queue that keeps order.
    pub sequence: Option<u64>,
}

impl Queues {
    /// Sends a message.
    pub async fn send(&self, caller: &Caller<'_>, name: &QueueName, sending: Sending) -> Result<Sent, Error> {
        let sent = self.send_all(caller, name, vec![sending]).await?;
        sent.into_iter().next().unwrap_or(Err(Error::NoQueue))
    }

    /// Sends several messages as one request may: together they are no larger than one can be.
    pub async fn send_batch(
        &self,
        caller: &Caller<'_>,
        name: &QueueName,
        sendings: Vec<Sending>,
    ) -> Result<Vec<Result<Sent, Error>>, Error> {
        self.send_several(caller, name, sendings, LARGEST).await
    }

    /// Sends several messages in one commit: those that can be sent. In a queue that keeps order they keep theirs.
    pub async fn send_all(
        &self,
        caller: &Caller<'_>,
        name: &QueueName,
        sendings: Vec<Sending>,
    ) -> Result<Vec<Result<Sent, Error>>, Error> {
        self.send_several(caller, name, sendings, usize::MAX).await
    }

    async fn send_several(
        &self,
        caller: &Caller<'_>,
        name: &QueueName,
        sendings: Vec<Sending>,
        most: usize,
    ) -> Result<Vec<Result<Sent, Error>>, Error> {
        let desk = self.desk(name).await?;
        let held = Arc::clone(&desk.open).read_owned().await;
        let open = Arc::clone(held.as_ref().ok_or(Error::NoQueue)?);
        admit(&open.queue, open.policy.as_ref(), caller, "sqs:SendMessage")?;
        let checked: Vec<_> = sendings.into_iter().map(|sending| Checked::new(&open, sending)).collect();
        let sent: usize = checked.iter().flatten().map(|checked| checked.bytes).sum();
        if checked.len() > 1 && sent > most {
            return Err(Error::LargeBatch { most, sent });
        }
        let (rooms, sender) = (self.clone(), caller.sender());
        to_the_end(async move {
            let told = rooms.post(&desk, &open, &sender, checked).await;
            drop(held);
            told
        })
        .await
    }

    async fn post(
        &self,
        desk: &Desk,
        open: &Open,
        sender: &str,
        checked: Vec<Result<Checked, Error>>,
    ) -> Result<Vec<Result<Sent, Error>>, Error> {
        // Places are given and committed in one order where it counts, and looked for together with what is known.
        let mut order = match open.queue.settings.fifo {
            Some(_) => Some(desk.order.lock().await),
            None => None,
        };
        let mut post = Post { now: self.ground.now(), ..Post::default() };
        let mut told = Vec::with_capacity(checked.len());
        for one in checked {
            told.push(match one {
                Err(error) => Err(error),
                Ok(one) => Ok(self.address(desk, (open, sender), one, &mut post).await?),
            });
        }
        self.ground.store.commit(post.changes).await.map_err(concurrent)?;
        if let Some(order) = order.as_deref_mut()
            && let Kind::Fifo(fifo) = &mut order.kind
            && order.shelf == open.queue.shelf
        {
            for (place, group, due) in &post.arrivals {
                fifo.0.send(*place, group, *due);
            }
        }
        for (_, _, due) in post.arrivals {
            desk.tell(due, 1);
        }
        Ok(told)
    }

    /// Gives the message its id and place; one that is known already gets those of then.
    async fn address(
        &self,
        desk: &Desk,
        (open, sender): (&Open, &str),
        mut checked: Checked,
        post: &mut Post,
    ) -> Result<Sent, Error> {
        let (queue, now) = (&open.queue, post.now);
        post.changes.merge(std::mem::take(&mut checked.sending.with));
        let known_by = dedup::known_by(queue, &checked.sending);
        for (at, by) in known_by.iter().enumerate() {
            let known = match post.known.get(&by.name) {
                Some(known) => Some(known.clone()),
                None => dedup::find(&self.ground.store, queue, &by.name, now).await?,
            };
            if let Some(Known { message, place, .. }) = known {
                // A call that was new gets the same when it is made again, however long after.
                post.know(queue, (&message, place), &known_by[..at])?;
                return Ok(checked.told(&message, queue.settings.fifo.map(|_| place)));
            }
        }
        let (id, place) = (self.ground.uuid(), desk.place(now));
        let told = checked.told(&id, queue.settings.fifo.map(|_| place));
        let Checked { sending, bytes } = checked;
        let delay = sending.delay.unwrap_or(queue.settings.delay);
        let mut message = Message {
            shelf: queue.shelf(),
            place,
            id: id.clone(),
            sent: now,
            due: now.plus(std::time::Duration::from_secs(delay.into())),
            received: 0,
            first_received: None,
            receipt: None,
            sender: sender.to_owned(),
            group: sending.group,
            dedup: sending.dedup,
            before: 0,
            source: None,
            bytes,
            letter: Some(sending.letter),
        };
        post.know(queue, (&id, place), &known_by)?;
        if let Some(apart) = message.put_apart() {
            post.changes.put(&apart, Expect::Absent)?;
        }
        post.changes.put(&message, Expect::Absent)?;
        post.arrivals.push((place, message.group.unwrap_or_default(), message.due));
        Ok(told)
    }
}

/// What is committed together.
#[derive(Default)]
struct Post {
    now: Timestamp,
    changes: Changes,
    known: HashMap<String, Known>,
    arrivals: Vec<(u64, String, Timestamp)>,
}

impl Post {
    /// The message is known by these from now on.
    fn know(&mut self, queue: &Queue, message: (&str, u64), by: &[By]) -> Result<(), StoreError> {
        for by in by {
            let known = by.know(&mut self.changes, queue, message, self.now)?;
            self.known.insert(known.by.clone(), known);
        }
        Ok(())
    }
}

/// A message that can be sent.
struct Checked {
    sending: Sending,
    bytes: usize,
}

impl Checked {
    fn new(open: &Open, mut sending: Sending) -> Result<Self, Error> {
        let settings = &open.queue.settings;
        let bytes = sending.letter.check(settings.largest)?;
        if let Some(delay) = sending.delay.filter(|delay| *delay > 900) {
            let reason = "DelaySeconds must be >= 0 and <= 900.";
            return Err(Error::parameter(delay, "DelaySeconds", reason));
        }
        for (name, id) in [("MessageGroupId", &sending.group), ("MessageDeduplicationId", &sending.dedup)] {
            id.as_deref().map_or(Ok(()), |id| check_order_id(name, id))?;
        }
        let not_here = "The request include parameter that is not valid for this queue type";
        match settings.fifo {
            None => {
                if let Some(id) = &sending.dedup {
                    return Err(Error::parameter(id, "MessageDeduplicationId", not_here));
                }
            }
            Some(fifo) => {
                if sending.group.is_none() {
                    return Err(Error::Missing("MessageGroupId"));
                }
                if let Some(delay) = sending.delay.filter(|delay| *delay > 0) {
                    return Err(Error::parameter(delay, "DelaySeconds", &format!("{not_here}.")));
                }
                sending.delay = None;
                if sending.dedup.is_none() && fifo.by_content {
                    sending.dedup = Some(digest::of_content(&sending.letter.body));
                }
                if sending.dedup.is_none() {
                    let words = "The queue should either have ContentBasedDeduplication enabled or \
                                 MessageDeduplicationId provided explicitly";
                    return Err(Error::Invalid(words.to_owned()));
                }
            }
        }
        Ok(Self { sending, bytes })
    }

    fn told(&self, id: &str, sequence: Option<u64>) -> Sent {
        let letter = &self.sending.letter;
        let system = letter.trace.iter().map(|trace| ("AWSTraceHeader".to_owned(), trace.clone())).collect();
        Sent {
            id: id.to_owned(),
            body_md5: digest::of_body(&letter.body),
            attributes_md5: digest::of_attributes(&letter.attributes),
            system_md5: digest::of_attributes(&system),
            sequence,
        }
    }
}

fn concurrent(error: StoreError) -> Error {
    match error {
        StoreError::Conflict(_) => Error::Concurrent,
        error => error.into(),
    }
}
