//! Queues: messages that wait until somebody has done what they ask for.
//!
//! What was sent is on disk before it is acknowledged, and so is who has it in hand until when: a server that was killed
//! goes on where it was. A message is a document on a shelf, with the moment from which it is visible as its index; a
//! [`desk`] keeps in memory what comes next, so that receivers never wait by asking the disk, and can always be made
//! anew. Two receivers never get the same message: receiving is a change of the version that was read.
//!
//! The room never calls the bus or a state machine: rules, tasks and dead letters of others come in by
//! [`Queues::send`].

mod access;
mod bury;
mod decide;
mod dedup;
mod desk;
mod digest;
mod error;
mod flights;
mod in_order;
mod letter;
mod line;
mod loose;
mod message;
mod moves;
mod names;
mod permissions;
mod queue;
mod receive;
mod redrive;
mod room;
mod send;
mod settings;
mod settle;
mod sweep;
#[cfg(test)]
mod tests;

use std::{collections::HashMap, sync::Arc};

use tokio::sync::Mutex;

pub use access::Caller;
pub use digest::of_attributes as attributes_md5;
pub use error::Error;
pub use message::{Attribute, Letter};
pub use moves::{Move, MoveStatus, Moves};
pub use names::{QueueName, check_batch};
pub use permissions::Grant;
pub use queue::Queue;
pub use receive::{Received, Receiving};
pub use redrive::{Permission, Redrive};
pub use send::{Sending, Sent};
pub use settings::{Attributes, Fifo, Settings};
pub use settle::Word;
pub use sweep::Shelves;

use crate::ground::{Ground, to_the_end};

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Queues {
    ground: Ground,
    /// The queues that somebody asked for, and a few more. Held shortly, and never while waiting for a desk.
    desks: Arc<Mutex<HashMap<QueueName, Arc<desk::Desk>>>>,
    /// At most so many messages of a queue that keeps no order are in flight.
    most_in_flight: u64,
}

/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-limits.html>
const MOST_IN_FLIGHT: u64 = 120_000;

impl Queues {
    /// On this ground.
    pub fn new(ground: Ground) -> Self {
        Self { ground, desks: Arc::default(), most_in_flight: MOST_IN_FLIGHT }
    }
}
