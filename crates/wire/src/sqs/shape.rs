//! What several operations read or show.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trainyard_domain::Kind;
use trainyard_services::{
    queues::{self, Attribute, Caller, Letter, QueueName, Sending, Sent},
    refusal::Refusal,
};

use super::older;
use crate::{ApiError, Context, input};

/// A request that names a queue and nothing else.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct OfQueue {
    queue_url: Option<String>,
}

impl OfQueue {
    pub(super) fn name(&self, context: &Context) -> Result<QueueName, ApiError> {
        queue(context, self.queue_url.as_deref())
    }
}

/// The queue that the URL names.
pub(super) fn queue(context: &Context, url: Option<&str>) -> Result<QueueName, ApiError> {
    let url = url.ok_or(queues::Error::Missing("QueueUrl"))?;
    Ok(QueueName::of_url(url, &context.scope)?)
}

/// The queue that the ARN names.
pub(super) fn of_arn(text: &str, member: &str) -> Result<QueueName, ApiError> {
    let name = text.parse().ok().and_then(|arn| QueueName::of_arn(&arn));
    let wrong = || queues::Error::Invalid(format!("Value {text} for parameter {member} is invalid."));
    Ok(name.ok_or_else(wrong)?)
}

/// Who calls.
pub(super) fn caller(context: &Context) -> Caller<'_> {
    Caller::principal(&context.principal)
}

/// A message to be sent, as an entry of a batch has it or the operation of its own.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Message {
    /// Of a batch's entry.
    pub(super) id: Option<String>,
    /// Of the operation.
    pub(super) queue_url: Option<String>,
    message_body: Option<String>,
    #[serde(default, deserialize_with = "input::number")]
    delay_seconds: Option<u32>,
    #[serde(default)]
    message_attributes: BTreeMap<String, Attribute>,
    #[serde(default)]
    message_system_attributes: System,
    message_deduplication_id: Option<String>,
    message_group_id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct System {
    #[serde(rename = "AWSTraceHeader")]
    trace: Option<Attribute>,
}

impl Message {
    /// What the room sends; `part` tells the messages of one call apart.
    pub(super) fn sending(self, context: &Context, part: &str) -> Sending {
        Sending {
            letter: Letter {
                body: self.message_body.unwrap_or_default(),
                attributes: self.message_attributes,
                trace: self.message_system_attributes.trace,
            },
            delay: self.delay_seconds,
            group: self.message_group_id,
            dedup: self.message_deduplication_id,
            token: context.token.as_ref().map(|token| format!("{token} {part}")),
            ..Sending::default()
        }
    }
}

/// What is said of a message that was sent.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SentShape {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    #[serde(rename = "MD5OfMessageBody")]
    body_md5: String,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    attributes_md5: Option<String>,
    #[serde(rename = "MD5OfMessageSystemAttributes", skip_serializing_if = "Option::is_none")]
    system_md5: Option<String>,
    message_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    sequence_number: Option<String>,
}

impl SentShape {
    pub(super) fn of(id: Option<String>, sent: Sent) -> Self {
        Self {
            id,
            body_md5: sent.body_md5,
            attributes_md5: sent.attributes_md5,
            system_md5: sent.system_md5,
            message_id: sent.id,
            sequence_number: sent.sequence.map(|number| number.to_string()),
        }
    }
}

/// What came of a batch. Both lists are left out where they are empty.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BatchOutput<T> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    successful: Vec<T>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failed: Vec<FailedEntry>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct FailedEntry {
    id: String,
    sender_fault: bool,
    code: &'static str,
    message: String,
}

/// An entry of which nothing but its id is said.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct DoneEntry {
    id: String,
}

impl DoneEntry {
    pub(super) fn of(id: String, (): ()) -> Self {
        Self { id }
    }
}

impl<T> BatchOutput<T> {
    /// Of the entries' ids and what came of each.
    pub(super) fn of<R>(
        ids: Vec<String>,
        results: Vec<Result<R, queues::Error>>,
        shape: impl Fn(String, R) -> T,
    ) -> Self {
        let mut output = Self { successful: Vec::new(), failed: Vec::new() };
        for (id, result) in ids.into_iter().zip(results) {
            match result {
                Ok(done) => output.successful.push(shape(id, done)),
                Err(error) => output.failed.push(FailedEntry {
                    id,
                    sender_fault: error.kind() != Kind::Internal && error.kind() != Kind::Unavailable,
                    code: older::SPELLING.code(error.code()),
                    message: error.to_string(),
                }),
            }
        }
        output
    }
}
