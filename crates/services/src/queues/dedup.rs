//! What was sent already: by deduplication id for five minutes, by the token of a task's call for as long as that call
//! may be made again.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-exactly-once-processing.html>

use std::time::Duration;

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_store::{Changes, Error as StoreError, Expect, Keys, Noun, Store};

use super::{Queue, send::Sending};

/// For how long a deduplication id is known.
const WINDOW: Duration = Duration::from_secs(300);
/// For how long the token of a call is known: a server that was down for less does not send twice.
const TOKEN_WINDOW: Duration = Duration::from_secs(14 * 24 * 3600);

/// A message that was sent, by what it is known by.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Known {
    /// The queue's id.
    pub(super) queue: String,
    /// What it is known by.
    pub(super) by: String,
    /// The message's id.
    pub(super) message: String,
    /// The message's place.
    pub(super) place: u64,
    /// Until when it is known.
    pub(super) until: Timestamp,
}

impl Noun for Known {
    const KIND: &'static str = "queue-known";

    fn scope(&self) -> String {
        self.queue.clone()
    }

    fn id(&self) -> String {
        self.by.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add_number("until", self.until.millis());
    }
}

/// What a sending is known by.
#[derive(Clone, Debug)]
pub(super) struct By {
    /// No deduplication id has a blank in it.
    pub(super) name: String,
    /// For how long.
    window: Duration,
    /// Calls under one token could meet; a deduplication id is looked up and put with the line in hand.
    expect: Expect,
}

/// All that a sending is known by: the call first.
pub(super) fn known_by(queue: &Queue, sending: &Sending) -> Vec<By> {
    let token = sending.token.as_ref().map(|token| By {
        name: format!("token {token}"),
        window: TOKEN_WINDOW,
        expect: Expect::Absent,
    });
    let id = queue.settings.fifo.zip(sending.dedup.as_ref()).map(|(fifo, id)| By {
        name: match &sending.group {
            Some(group) if fifo.per_group => format!("group {group} {id}"),
            _ => id.clone(),
        },
        window: WINDOW,
        expect: Expect::Any,
    });
    token.into_iter().chain(id).collect()
}

impl By {
    /// The message is known by it from now on.
    pub(super) fn know(
        &self,
        changes: &mut Changes,
        queue: &Queue,
        (message, place): (&str, u64),
        now: Timestamp,
    ) -> Result<Known, StoreError> {
        let known = Known {
            queue: queue.id.clone(),
            by: self.name.clone(),
            message: message.to_owned(),
            place,
            until: now.plus(self.window),
        };
        changes.put(&known, self.expect)?;
        Ok(known)
    }
}

/// The message that is known by this, if it is still known.
pub(super) async fn find(
    store: &Store,
    queue: &Queue,
    by: &str,
    now: Timestamp,
) -> Result<Option<Known>, StoreError> {
    let held = store.get::<Known>(&queue.id, by).await?;
    Ok(held.map(|held| held.value).filter(|known| known.until > now))
}
