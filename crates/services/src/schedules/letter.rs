//! What is sent to the dead-letter queue about a call that did not succeed.
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html>

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use trainyard_domain::{Arn, Timestamp};

use super::call::queue_url;

/// A queue takes messages of 256 KiB with their attributes.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
const LONGEST_PAYLOAD: usize = 240 * 1024;
const LONGEST_WORDS: usize = 2 * 1024;

/// One letter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Letter {
    pub queue: Arn,
    pub role: Arn,
    pub schedule: Arn,
    pub target: String,
    pub due: Timestamp,
    pub execution_id: String,
    /// What the target was called with.
    pub payload: String,
    pub code: String,
    pub message: String,
    /// Which end of the patience was reached, where it is that.
    pub exhausted: Option<String>,
    /// After the first attempt.
    pub retries: u32,
    /// How often it was tried to send it.
    pub attempts: u32,
}

impl Letter {
    /// SendMessage's members.
    pub(super) fn members(&self) -> Value {
        let body = shortened(&self.payload, LONGEST_PAYLOAD, "{}");
        let words = |text| shortened(text, LONGEST_WORDS, "unknown");
        let mut attributes = Map::new();
        let mut add = |name: &str, value: &str| {
            attributes.insert(name.to_owned(), json!({"DataType": "String", "StringValue": value}));
        };
        add("ERROR_CODE", words(&self.code));
        add("ERROR_MESSAGE", words(&self.message));
        add("EXECUTION_ID", &self.execution_id);
        if let Some(exhausted) = &self.exhausted {
            add("EXHAUSTED_RETRY_CONDITION", exhausted);
        }
        add("IS_PAYLOAD_TRUNCATED", if body.len() < self.payload.len() { "true" } else { "false" });
        add("RETRY_ATTEMPTS", &self.retries.to_string());
        add("SCHEDULED_TIME", &self.due.to_seconds_string());
        add("SCHEDULE_ARN", &self.schedule.to_string());
        add("TARGET_ARN", &self.target);
        json!({"QueueUrl": queue_url(&self.queue), "MessageBody": body, "MessageAttributes": attributes})
    }
}

/// As much of a text as there is room for; a text that is empty cannot be sent.
fn shortened<'a>(text: &'a str, longest: usize, if_empty: &'static str) -> &'a str {
    if text.is_empty() { if_empty } else { &text[..text.floor_char_boundary(longest)] }
}
