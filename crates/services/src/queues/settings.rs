//! What can be set of a queue: its attributes, read from texts and shown as texts. Pure.
//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{
    Error,
    redrive::{Permission, Redrive},
};
use crate::policy;

/// The most bytes that a message, or all messages of a batch, can have.
pub(super) const LARGEST: usize = 1_048_576;

/// The attributes by name and value, as requests have them.
pub type Attributes = BTreeMap<String, String>;

/// What is set of a queue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    /// A message is not visible for so many seconds after it was sent.
    pub delay: u32,
    /// The most bytes of a message.
    pub largest: usize,
    /// A message is kept for so many seconds.
    pub retention: u32,
    /// A receiver waits for so many seconds, unless it says otherwise.
    pub wait: u32,
    /// A message that was received is not visible for so many seconds.
    pub visibility: u32,
    /// The policy's text, as it was set.
    pub policy: Option<String>,
    /// Where messages go that nobody could use.
    pub redrive: Option<Redrive>,
    /// Whose dead letters may come here.
    pub redrive_allow: Option<Permission>,
    /// What only queues have that keep order.
    pub fifo: Option<Fifo>,
}

/// How a queue keeps order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fifo {
    /// A message without a deduplication id is known by its body.
    pub by_content: bool,
    /// The same deduplication id in two message groups is two.
    pub per_group: bool,
    /// What AWS bounds by group; kept and shown, since nothing is throttled here.
    pub limit_per_group: bool,
}

impl Settings {
    /// Of a queue nobody has set anything of.
    pub fn new(fifo: bool) -> Self {
        Self {
            delay: 0,
            largest: LARGEST,
            retention: 345_600,
            wait: 0,
            visibility: 30,
            policy: None,
            redrive: None,
            redrive_allow: None,
            fifo: fifo.then(Fifo::default),
        }
    }

    /// These with the attributes set.
    pub fn with(mut self, attributes: &Attributes) -> Result<Self, Error> {
        for (name, value) in attributes {
            self.set(name, value)?;
        }
        match self.fifo {
            Some(Fifo { per_group: false, limit_per_group: true, .. }) => Err(wrong(
                "FifoThroughputLimit",
                " Reason: perMessageGroupId needs DeduplicationScope to be messageGroup.",
            )),
            _ => Ok(self),
        }
    }

    fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        match name {
            "DelaySeconds" => self.delay = number(name, value, 0..=900)?,
            "MaximumMessageSize" => {
                self.largest = number(name, value, 1024..=LARGEST as u32)? as usize;
            }
            "MessageRetentionPeriod" => self.retention = number(name, value, 60..=1_209_600)?,
            "ReceiveMessageWaitTimeSeconds" => self.wait = number(name, value, 0..=20)?,
            "VisibilityTimeout" => self.visibility = number(name, value, 0..=43_200)?,
            "Policy" => {
                if !value.is_empty() {
                    policy::Document::read(value).map_err(|why| wrong(name, &format!(" Reason: {why}.")))?;
                }
                self.policy = Some(value.to_owned()).filter(|text| !text.is_empty());
            }
            "RedrivePolicy" => self.redrive = read(name, value)?,
            "RedriveAllowPolicy" => self.redrive_allow = read(name, value)?,
            "FifoQueue" => self.fifo_queue(value)?,
            "ContentBasedDeduplication" => self.fifo_only(name)?.by_content = truth(name, value)?,
            "DeduplicationScope" => {
                self.fifo_only(name)?.per_group = one_of(name, value, ["queue", "messageGroup"])?;
            }
            "FifoThroughputLimit" => {
                self.fifo_only(name)?.limit_per_group =
                    one_of(name, value, ["perQueue", "perMessageGroupId"])?;
            }
            "SqsManagedSseEnabled" | "KmsMasterKeyId" => unencrypted(name, value)?,
            "KmsDataKeyReusePeriodSeconds" => drop(number(name, value, 60..=86_400)?),
            _ => return Err(Error::NoAttribute(name.to_owned())),
        }
        Ok(())
    }

    fn fifo_queue(&self, value: &str) -> Result<(), Error> {
        if truth("FifoQueue", value)? == self.fifo.is_some() {
            return Ok(());
        }
        // What a queue is follows from its name and never changes.
        Err(wrong("FifoQueue", " Reason: FIFO queues have names that end in .fifo, other queues have not."))
    }

    fn fifo_only(&mut self, name: &str) -> Result<&mut Fifo, Error> {
        self.fifo.as_mut().ok_or_else(|| Error::NoAttribute(name.to_owned()))
    }

    /// The attributes that are set, in AWS's texts.
    pub(super) fn shown(&self) -> Vec<(&'static str, String)> {
        let mut shown = vec![
            ("VisibilityTimeout", self.visibility.to_string()),
            ("MaximumMessageSize", self.largest.to_string()),
            ("MessageRetentionPeriod", self.retention.to_string()),
            ("DelaySeconds", self.delay.to_string()),
            ("ReceiveMessageWaitTimeSeconds", self.wait.to_string()),
            ("SqsManagedSseEnabled", "false".to_owned()),
        ];
        let texts = [
            ("Policy", self.policy.clone()),
            ("RedrivePolicy", self.redrive.as_ref().map(Redrive::text)),
            ("RedriveAllowPolicy", self.redrive_allow.as_ref().map(Permission::text)),
        ];
        shown.extend(texts.into_iter().filter_map(|(name, text)| Some((name, text?))));
        if let Some(fifo) = self.fifo {
            let scope = if fifo.per_group { "messageGroup" } else { "queue" };
            let limit = if fifo.limit_per_group { "perMessageGroupId" } else { "perQueue" };
            shown.extend([
                ("FifoQueue", "true".to_owned()),
                ("ContentBasedDeduplication", fifo.by_content.to_string()),
                ("DeduplicationScope", scope.to_owned()),
                ("FifoThroughputLimit", limit.to_owned()),
            ]);
        }
        shown
    }

    /// The first attribute asked for that has another value here: a queue is made again only with the same ones.
    pub(super) fn differs(&self, asked: &Self, attributes: &Attributes) -> Option<&'static str> {
        let (ours, theirs) = (self.shown(), asked.shown());
        let value = |shown: &[(&str, String)], name: &str| {
            shown.iter().find(|(known, _)| *known == name).map(|(_, value)| value.clone())
        };
        let names = ours.iter().chain(&theirs).map(|(name, _)| *name);
        names
            .filter(|name| attributes.contains_key(*name))
            .find(|name| value(&ours, name) != value(&theirs, name))
    }
}

/// At rest nothing is encrypted by us: a queue that must be is refused rather than pretended.
fn unencrypted(name: &str, value: &str) -> Result<(), Error> {
    if value.is_empty() || value.eq_ignore_ascii_case("false") {
        return Ok(());
    }
    Err(wrong(name, " Reason: messages are not encrypted by this server, leave it out and encrypt its disk."))
}

fn read<T: serde::de::DeserializeOwned>(name: &str, value: &str) -> Result<Option<T>, Error> {
    if value.is_empty() {
        return Ok(None);
    }
    let read = serde_json::from_str(value).map(Some);
    read.map_err(|why| {
        Error::Invalid(format!("Value {value} for parameter {name} is invalid. Reason: {why}."))
    })
}

fn number(name: &str, value: &str, range: std::ops::RangeInclusive<u32>) -> Result<u32, Error> {
    value.parse().ok().filter(|number| range.contains(number)).ok_or_else(|| wrong(name, ""))
}

fn truth(name: &str, value: &str) -> Result<bool, Error> {
    match value.to_ascii_lowercase().as_str() {
        "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(wrong(name, "")),
    }
}

/// Whether it is the second of the two.
fn one_of(name: &str, value: &str, [first, second]: [&str; 2]) -> Result<bool, Error> {
    match value {
        value if value == first => Ok(false),
        value if value == second => Ok(true),
        _ => Err(wrong(name, "")),
    }
}

fn wrong(name: &str, reason: &str) -> Error {
    Error::AttributeValue { attribute: name.to_owned(), reason: reason.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(fifo: bool, name: &str, value: &str) -> Result<Settings, Error> {
        Settings::new(fifo).with(&Attributes::from([(name.to_owned(), value.to_owned())]))
    }

    #[test]
    fn what_is_set_is_shown() {
        let check = |fifo, name: &str, value: &str| {
            let shown = set(fifo, name, value).unwrap().shown();
            assert!(shown.contains(&(shown.iter().find(|(n, _)| *n == name).unwrap().0, value.to_owned())));
        };
        check(false, "DelaySeconds", "900");
        check(false, "MaximumMessageSize", "1024");
        check(false, "MessageRetentionPeriod", "60");
        check(true, "VisibilityTimeout", "43200");
        check(true, "ContentBasedDeduplication", "true");
        check(true, "DeduplicationScope", "messageGroup");
        check(
            false,
            "RedrivePolicy",
            r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":3}"#,
        );
        check(false, "RedriveAllowPolicy", r#"{"redrivePermission":"denyAll"}"#);
        check(false, "SqsManagedSseEnabled", "false");
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let check = |fifo, name: &str, value: &str, expect: &str| {
            let refused = set(fifo, name, value).unwrap_err();
            assert_eq!(crate::refusal::Refusal::code(&refused), expect, "{name}={value}: {refused}");
        };
        check(false, "DelaySeconds", "901", "InvalidAttributeValue");
        check(false, "DelaySeconds", "-1", "InvalidAttributeValue");
        check(false, "MaximumMessageSize", "1048577", "InvalidAttributeValue");
        check(false, "MessageRetentionPeriod", "59", "InvalidAttributeValue");
        check(false, "ReceiveMessageWaitTimeSeconds", "21", "InvalidAttributeValue");
        check(false, "VisibilityTimeout", "x", "InvalidAttributeValue");
        check(false, "Policy", "{}", "InvalidAttributeValue");
        check(false, "ContentBasedDeduplication", "true", "InvalidAttributeName");
        check(true, "FifoQueue", "false", "InvalidAttributeValue");
        check(true, "FifoThroughputLimit", "perMessageGroupId", "InvalidAttributeValue");
        check(false, "KmsMasterKeyId", "alias/aws/sqs", "InvalidAttributeValue");
        check(false, "Colour", "red", "InvalidAttributeName");
        check(false, "RedrivePolicy", r#"{"maxReceiveCount":3}"#, "InvalidParameterValueException");
        check(
            false,
            "RedrivePolicy",
            r#"{"deadLetterTargetArn":"arn:aws:sqs:us-east-1:000000000000:dead","maxReceiveCount":0}"#,
            "InvalidParameterValueException",
        );
        check(
            false,
            "RedriveAllowPolicy",
            r#"{"redrivePermission":"byQueue"}"#,
            "InvalidParameterValueException",
        );
    }
}
