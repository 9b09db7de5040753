//! A room whose clock stands still until it is moved.

mod damage;
mod dead_letters;
mod messages;
mod order;
mod queues;

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use trainyard_domain::{Principal, Scope, Timestamp};
use trainyard_store::{List, Store};

use super::{
    message::{Apart, Message},
    *,
};
use crate::{
    refusal::Refusal,
    work::{Outcome, Worker},
};

/// A room whose clock stands still until it is moved.
struct World {
    queues: Queues,
    store: Store,
    clock: Arc<AtomicI64>,
    root: Principal,
}

impl World {
    async fn new() -> Self {
        let (store, clock) = (Store::in_memory().await.unwrap(), Arc::new(AtomicI64::new(1_700_000_000_000)));
        let queues = Queues::new(ground(&store, &clock));
        Self { queues, store, clock, root: Principal::root(&Scope::default_scope()) }
    }

    /// The same as after a crash: nothing is in memory.
    fn again(&mut self) {
        self.queues = Queues::new(ground(&self.store, &self.clock));
    }

    fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds * 1000, Ordering::SeqCst);
    }

    fn caller(&self) -> Caller<'_> {
        Caller::principal(&self.root)
    }

    async fn queue(&self, name: &str, attributes: &[(&str, &str)]) -> QueueName {
        let name = QueueName { scope: Scope::default_scope(), name: name.to_owned() };
        let mut all = attributes_of(attributes);
        if name.is_fifo() {
            all.insert("FifoQueue".to_owned(), "true".to_owned());
        }
        self.queues.create(&self.caller(), &name, &all, BTreeMap::new()).await.unwrap()
    }

    async fn set(&self, name: &QueueName, attributes: &[(&str, &str)]) -> Result<(), Error> {
        self.queues.set_attributes(&self.caller(), name, &attributes_of(attributes)).await
    }

    async fn send(&self, name: &QueueName, body: &str) -> Sent {
        let sending = Sending { letter: Letter::of(body), ..Sending::default() };
        self.queues.send(&self.caller(), name, sending).await.unwrap()
    }

    async fn send_in(&self, name: &QueueName, group: &str, body: &str) -> Sent {
        let sending = Sending {
            letter: Letter::of(body),
            group: Some(group.to_owned()),
            dedup: Some(body.to_owned()),
            ..Sending::default()
        };
        self.queues.send(&self.caller(), name, sending).await.unwrap()
    }

    async fn receive(&self, name: &QueueName, most: usize) -> Vec<Received> {
        let receiving = Receiving { most: Some(most), wait: Some(0), ..Receiving::default() };
        self.queues.receive(&self.caller(), name, &receiving).await.unwrap()
    }

    async fn bodies(&self, name: &QueueName, most: usize) -> Vec<String> {
        self.receive(name, most).await.into_iter().map(|message| message.letter.body).collect()
    }

    async fn say(&self, name: &QueueName, handle: &str, word: Word) -> Result<(), Error> {
        let told = self.queues.settle(&self.caller(), name, &[(handle.to_owned(), word)]).await?;
        told.into_iter().collect()
    }

    /// Does what is due of moves, once.
    async fn move_on(&self) {
        for item in self.store.due(Moves::TOPIC, self.queues.ground.now(), 10).await.unwrap() {
            if let Outcome::Finished(mut changes) = Moves(self.queues.clone()).work(&item).await.unwrap() {
                changes.finish(&item);
                self.store.commit(changes).await.unwrap();
            }
        }
    }

    async fn counts(&self, name: &QueueName) -> [u64; 3] {
        let all = self.queues.attributes(&self.caller(), name, &["All".to_owned()]).await.unwrap();
        let count = |what: &str| all[&format!("ApproximateNumberOfMessages{what}")].parse().unwrap();
        [count(""), count("NotVisible"), count("Delayed")]
    }
}

fn ground(store: &Store, clock: &Arc<AtomicI64>) -> Ground {
    let hands = Arc::clone(clock);
    Ground::with_clock(store.clone(), Arc::new(move || Timestamp(hands.load(Ordering::SeqCst))))
}

fn attributes_of(attributes: &[(&str, &str)]) -> Attributes {
    attributes.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn system<'a>(message: &'a Received, name: &str) -> Option<&'a str> {
    message.system.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
}

const REDRIVE: &str =
    r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":"2"}"#;
