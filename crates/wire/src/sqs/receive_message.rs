//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html>

use std::collections::BTreeMap;

use md5::{Digest, Md5};
use serde::{Deserialize, Serialize};
use trainyard_domain::hex;
use trainyard_services::queues::{Attribute, Received, Receiving, attributes_md5};

use super::shape::{caller, queue};
use crate::{ApiError, Context, input};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    queue_url: Option<String>,
    /// The older name of the next one.
    #[serde(default)]
    attribute_names: Vec<String>,
    #[serde(default)]
    message_system_attribute_names: Vec<String>,
    #[serde(default)]
    message_attribute_names: Vec<String>,
    #[serde(default, deserialize_with = "input::number")]
    max_number_of_messages: Option<usize>,
    #[serde(default, deserialize_with = "input::number")]
    visibility_timeout: Option<u32>,
    #[serde(default, deserialize_with = "input::number")]
    wait_time_seconds: Option<u32>,
    receive_request_attempt_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Shape>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shape {
    message_id: String,
    receipt_handle: String,
    #[serde(rename = "MD5OfBody")]
    body_md5: String,
    body: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<&'static str, String>,
    #[serde(rename = "MD5OfMessageAttributes", skip_serializing_if = "Option::is_none")]
    attributes_md5: Option<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    message_attributes: BTreeMap<String, Attribute>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let name = queue(context, input.queue_url.as_deref())?;
    let receiving = Receiving {
        most: input.max_number_of_messages,
        visibility: input.visibility_timeout,
        wait: input.wait_time_seconds,
        attempt: input.receive_request_attempt_id,
    };
    let mut system = input.message_system_attribute_names;
    system.extend(input.attribute_names);
    let received = context.services.queues.receive(&caller(context), &name, &receiving).await?;
    let shape = |message| Shape::of(message, &system, &input.message_attribute_names);
    Ok(Output { messages: received.into_iter().map(shape).collect() })
}

impl Shape {
    fn of(message: Received, system: &[String], of_user: &[String]) -> Self {
        let Received { id, handle, letter, system: shown } = message;
        let wanted = |name: &str| system.iter().any(|asked| asked == name || asked == "All");
        let mut message_attributes = letter.attributes;
        message_attributes.retain(|name, _| of_user.iter().any(|asked| asks_for(asked, name)));
        Self {
            message_id: id,
            receipt_handle: handle,
            body_md5: body_md5(&letter.body),
            body: letter.body,
            attributes: shown.into_iter().filter(|(name, _)| wanted(name)).collect(),
            attributes_md5: attributes_md5(&message_attributes),
            message_attributes,
        }
    }
}

fn body_md5(body: &str) -> String {
    hex(&Md5::digest(body))
}

/// `All`, `.*`, a name, or a prefix of names as `prefix.*`.
fn asks_for(asked: &str, name: &str) -> bool {
    match asked.strip_suffix(".*") {
        Some(prefix) => name.starts_with(prefix),
        None => asked == "All" || asked == name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_attributes_are_asked_for() {
        let check = |asked, name, expect| assert_eq!(asks_for(asked, name), expect, "{asked} {name}");
        check("All", "a", true);
        check(".*", "a", true);
        check("job.*", "job.name", true);
        check("job.*", "name", false);
        check("a", "a", true);
        check("a", "ab", false);
    }
}
