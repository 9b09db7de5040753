//! A message, as it is remembered, and the handle that a receiver gets.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Timestamp};
use trainyard_store::{Keys, Noun};

use super::{Error, Queue, queue::shelf};

/// A letter of more bytes than this lies apart from its message, so that receiving it does not write it again and
/// looking for what is visible does not read it.
const SMALL: usize = 4096;

/// Where a message stands, and its letter if that is small.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Message {
    /// The store's scope of its shelf.
    pub(super) shelf: String,
    /// Its place in the order of the queue, and its name on the shelf.
    pub(super) place: u64,
    /// A UUID.
    pub(super) id: String,
    pub(super) sent: Timestamp,
    /// It is visible from then on.
    pub(super) due: Timestamp,
    /// How often it was received.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) received: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) first_received: Option<Timestamp>,
    /// The last receipt: the handle of an earlier one moves nothing any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) receipt: Option<Receipt>,
    /// Who sent it.
    pub(super) sender: String,
    /// The message group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) group: Option<String>,
    /// The deduplication id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) dedup: Option<String>,
    /// How often it was received in queues that it came from as a dead letter: here that does not count.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) before: u32,
    /// The queue that it came from as a dead letter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<Arn>,
    /// How large the letter is.
    pub(super) bytes: usize,
    /// The letter, unless it lies apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) letter: Option<Letter>,
}

/// One time that a message was received.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Receipt {
    pub(super) key: String,
    pub(super) at: Timestamp,
}

/// What a message says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Letter {
    /// The body.
    pub body: String,
    /// The user's attributes.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: BTreeMap<String, Attribute>,
    /// `AWSTraceHeader`, the one that a sender can set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trace: Option<Attribute>,
}

/// The value of a message's attribute.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_MessageAttributeValue.html>
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Attribute {
    /// `String`, `Number` or `Binary`, with a label of the user's after a dot.
    pub data_type: String,
    /// A text or a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub string_value: Option<String>,
    /// Bytes, in Base64.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub binary_value: Option<String>,
}

/// A letter that lies apart.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Apart {
    pub(super) shelf: String,
    pub(super) place: u64,
    pub(super) letter: Letter,
}

/// A message whose letter cannot be read: it is off its shelf, so that it is in nobody's way, and the letter is left
/// where it is.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Lost(pub(super) Message);

impl Message {
    /// The letter to be kept apart, if it is large; otherwise it stays with the message.
    pub(super) fn put_apart(&mut self) -> Option<Apart> {
        if self.bytes <= SMALL {
            return None;
        }
        let letter = self.letter.take()?;
        Some(Apart { shelf: self.shelf.clone(), place: self.place, letter })
    }

    /// Whether somebody has it in hand at `now`.
    pub(super) fn is_in_flight(&self, now: Timestamp) -> bool {
        self.received > 0 && self.due > now
    }
}

/// A place as the name of a document: ordered as the places are.
pub(super) fn place_id(place: u64) -> String {
    format!("{place:020}")
}

impl Noun for Message {
    const KIND: &'static str = "queue-message";

    fn scope(&self) -> String {
        self.shelf.clone()
    }

    fn id(&self) -> String {
        place_id(self.place)
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add_number("due", self.due.millis());
        if self.received == 0 && self.due > self.sent {
            keys.add_number("delayed", self.due.millis());
        }
    }
}

impl Noun for Lost {
    const KIND: &'static str = "queue-message-lost";

    fn scope(&self) -> String {
        self.0.shelf.clone()
    }

    fn id(&self) -> String {
        place_id(self.0.place)
    }

    fn keys(&self, _: &mut Keys) {}
}

impl Noun for Apart {
    const KIND: &'static str = "queue-letter";

    fn scope(&self) -> String {
        self.shelf.clone()
    }

    fn id(&self) -> String {
        place_id(self.place)
    }

    fn keys(&self, _: &mut Keys) {}
}

/// Which receipt of which message a handle means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Handle {
    pub(super) shelf: String,
    pub(super) place: u64,
    pub(super) key: String,
}

impl Handle {
    /// What the receiver gets.
    pub(super) fn text(&self) -> String {
        STANDARD.encode(format!("{}/{}/{}", self.shelf, self.place, self.key))
    }

    /// Reads a handle that was given for this queue; what was given for an earlier shelf is fine, and means nothing.
    pub(super) fn read(text: &str, queue: &Queue) -> Result<Self, Error> {
        let bytes = STANDARD.decode(text).map_err(|_| Error::Handle)?;
        let plain = String::from_utf8(bytes).map_err(|_| Error::Handle)?;
        let mut parts = plain.split('/');
        let mut next = || parts.next().ok_or(Error::Handle);
        let (id, on, place, key) = (next()?, next()?, next()?, next()?);
        if id != queue.id || parts.next().is_some() {
            return Err(Error::Handle);
        }
        let number = on.parse().map_err(|_| Error::Handle)?;
        let place = place.parse().map_err(|_| Error::Handle)?;
        Ok(Self { shelf: shelf(id, number), place, key: key.to_owned() })
    }
}

fn is_zero(number: &u32) -> bool {
    *number == 0
}
