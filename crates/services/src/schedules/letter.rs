//! What is sent to the dead-letter queue about a call that did not succeed.
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html>

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use trainyard_domain::{Arn, Timestamp};

use super::call::queue_url;
use crate::given_up::{GivenUp, shortened};

/// A queue takes messages of 256 KiB with their attributes.
/// <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html>
const LONGEST_PAYLOAD: usize = 240 * 1024;

/// One letter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Letter {
    pub queue: Arn,
    pub role: Arn,
    pub schedule: Arn,
    pub due: Timestamp,
    pub execution_id: String,
    /// What the target was called with.
    pub payload: String,
    #[serde(flatten)]
    pub given_up: GivenUp,
    /// How often it was tried to send it.
    pub attempts: u32,
}

impl Letter {
    /// SendMessage's members.
    pub(super) fn members(&self) -> Value {
        let body = shortened(&self.payload, LONGEST_PAYLOAD, "{}");
        let mut attributes = Map::new();
        let mut add = |name: &str, value: &str| {
            attributes.insert(name.to_owned(), json!({"DataType": "String", "StringValue": value}));
        };
        for (name, value) in self.given_up.attributes() {
            add(name, &value);
        }
        add("EXECUTION_ID", &self.execution_id);
        add("IS_PAYLOAD_TRUNCATED", if body.len() < self.payload.len() { "true" } else { "false" });
        add("SCHEDULED_TIME", &self.due.to_seconds_string());
        add("SCHEDULE_ARN", &self.schedule.to_string());
        json!({"QueueUrl": queue_url(&self.queue), "MessageBody": body, "MessageAttributes": attributes})
    }
}
