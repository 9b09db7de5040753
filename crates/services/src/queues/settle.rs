//! What receivers say of the messages that they have in hand: done with, or wanted for longer or shorter.

use std::collections::HashSet;

use trainyard_domain::Timestamp;
use trainyard_store::{Changes, Error as StoreError, Expect, Held};

use super::{
    Caller, Error, QueueName, Queues,
    access::admit,
    decide::{Standing, standing, visible_in},
    desk::{Desk, Kind, Open, Order},
    message::{Handle, Message, place_id},
    receive::remove,
    to_the_end,
};

/// How often a change is tried again that others were in the way of.
const TRIES: usize = 10;

/// What is said of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Word {
    /// It is done with.
    Done,
    /// It shall be visible in so many seconds.
    VisibleIn(u32),
}

/// What becomes of a message.
enum Settled {
    Nothing,
    Gone(Message, u64),
    Moved(Message, u64),
}

impl Queues {
    /// Says the words of messages, each by its handle. What can be done is done in one commit.
    ///
    /// A message of which somebody else has a newer receipt is theirs: it is not deleted by an older handle, and the
    /// answer does not tell, as with AWS. In a queue that keeps order even a late handle is refused. One that cannot be
    /// read stays as it is, and only what is said of it is refused.
    pub async fn settle(
        &self,
        caller: &Caller<'_>,
        name: &QueueName,
        words: &[(String, Word)],
    ) -> Result<Vec<Result<(), Error>>, Error> {
        let desk = self.desk(name).await?;
        let open = desk.open.read().await.clone().ok_or(Error::NoQueue)?;
        let action = match words.first() {
            Some((_, Word::VisibleIn(_))) => "sqs:ChangeMessageVisibility",
            _ => "sqs:DeleteMessage",
        };
        admit(&open.queue, open.policy.as_ref(), caller, action)?;
        let (rooms, words) = (self.clone(), words.to_vec());
        to_the_end(async move {
            for _ in 0..TRIES {
                match rooms.try_to_settle(&desk, &open, &words).await {
                    Err(Error::Store(StoreError::Conflict(_))) => {}
                    settled => return settled,
                }
            }
            Err(Error::Concurrent)
        })
        .await
    }

    async fn try_to_settle(
        &self,
        desk: &Desk,
        open: &Open,
        words: &[(String, Word)],
    ) -> Result<Vec<Result<(), Error>>, Error> {
        let epoch = desk.flights.epoch();
        // In a queue that keeps order the line must hear of it before it is asked again.
        let mut order = match open.queue.settings.fifo {
            Some(_) => Some(desk.order.lock().await),
            None => None,
        };
        let (mut told, mut all) = (Vec::with_capacity(words.len()), Vec::new());
        for settled in self.each(open, words).await? {
            match settled {
                Err(error) => told.push(Err(error)),
                Ok(settled) => {
                    told.push(Ok(()));
                    all.push(settled);
                }
            }
        }
        let mut changes = Changes::new();
        let mut named = HashSet::new();
        all.retain(|settled| match settled {
            Settled::Nothing => false,
            // The same message twice in a batch: once is enough.
            Settled::Gone(message, _) | Settled::Moved(message, _) => named.insert(message.place),
        });
        for settled in &all {
            match settled {
                Settled::Nothing => {}
                Settled::Gone(message, version) => remove(&mut changes, message, *version),
                Settled::Moved(message, version) => {
                    changes.put(message, Expect::Version(*version))?;
                }
            }
        }
        self.ground.store.commit(changes).await?;
        desk.flights.landed(epoch, self.landed(open, &all));
        for settled in &all {
            if let Settled::Moved(message, _) = settled {
                desk.tell(message.due, 1);
            }
        }
        if let Some(order) = order.as_deref_mut().filter(|order| order.shelf == open.queue.shelf) {
            self.line_up(order, &all);
            // The group is free, or sooner than it was thought to be.
            desk.tell(Timestamp::default(), usize::from(!all.is_empty()));
        }
        Ok(told)
    }

    /// How many of them were in flight, and are no more.
    fn landed(&self, open: &Open, all: &[Settled]) -> u64 {
        let (shelf, now) = (open.queue.shelf(), self.ground.now());
        let has_landed = |settled: &&Settled| match settled {
            Settled::Nothing => false,
            Settled::Gone(message, _) => message.shelf == shelf && message.is_in_flight(now),
            Settled::Moved(message, _) => message.shelf == shelf && !message.is_in_flight(now),
        };
        all.iter().filter(has_landed).count() as u64
    }

    fn line_up(&self, order: &mut Order, all: &[Settled]) {
        let Kind::Fifo(fifo) = &mut order.kind else { return };
        for settled in all {
            match settled {
                Settled::Nothing => {}
                Settled::Gone(message, _) => fifo.0.remove(message.place),
                Settled::Moved(message, _) => fifo.0.fly(message.place, message.due, self.ground.now()),
            }
        }
    }

    /// What becomes of each message: all are read together.
    async fn each(
        &self,
        open: &Open,
        words: &[(String, Word)],
    ) -> Result<Vec<Result<Settled, Error>>, Error> {
        let handles: Vec<_> = words.iter().map(|(text, word)| checked(open, text, *word)).collect();
        let names = handles.iter().flatten().map(|handle| (handle.shelf.clone(), place_id(handle.place)));
        let mut found = self.ground.store.get_all::<Message>(names.collect()).await?.into_iter();
        let settled = handles.into_iter().zip(words).map(|(handle, (text, word))| {
            let handle = handle?;
            let held = found.next().transpose()?.flatten();
            self.one(open, (text, &handle), *word, held)
        });
        Ok(settled.collect())
    }

    fn one(
        &self,
        open: &Open,
        (text, handle): (&str, &Handle),
        word: Word,
        held: Option<Held<Message>>,
    ) -> Result<Settled, Error> {
        let Some(Held { version, value: mut message }) = held else {
            return match word {
                Word::Done => Ok(Settled::Nothing),
                Word::VisibleIn(_) => Err(Error::NotInFlight(text.to_owned())),
            };
        };
        let now = self.ground.now();
        let in_order = open.queue.settings.fifo.is_some();
        match (word, standing(&message, &handle.key, now)) {
            (Word::Done, Standing::InFlight) => Ok(Settled::Gone(message, version)),
            (Word::Done, Standing::Late | Standing::Old) if in_order => {
                Err(Error::parameter(text, "ReceiptHandle", "The receipt handle has expired."))
            }
            (Word::Done, Standing::Late) => Ok(Settled::Gone(message, version)),
            (Word::Done, Standing::Old) => Ok(Settled::Nothing),
            (Word::VisibleIn(seconds), Standing::InFlight) => {
                message.due = visible_in(&message, seconds, now)?;
                Ok(Settled::Moved(message, version))
            }
            (Word::VisibleIn(_), Standing::Late | Standing::Old) => Err(Error::NotInFlight(text.to_owned())),
        }
    }
}

fn checked(open: &Open, text: &str, word: Word) -> Result<Handle, Error> {
    let handle = Handle::read(text, &open.queue)?;
    if let Word::VisibleIn(seconds @ 43_201..) = word {
        let reason = "VisibilityTimeout must be an integer between 0 and 43200.";
        return Err(Error::parameter(seconds, "VisibilityTimeout", reason));
    }
    Ok(handle)
}
