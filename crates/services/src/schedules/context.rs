//! What a target's input may say of the call that it is made for.
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-context-attributes.html>

use trainyard_domain::{Arn, Timestamp};

use crate::ground::label_from;

/// One attempt at the call of one time.
pub(super) struct Context<'a> {
    /// The schedule.
    pub schedule: &'a Arn,
    /// The time.
    pub due: Timestamp,
    /// Of all attempts.
    pub token: &'a str,
    /// From 1.
    pub attempt: u32,
}

impl Context<'_> {
    /// Sixteen digits, others for each attempt.
    pub(super) fn execution_id(&self) -> String {
        label_from(&["scheduled", self.token, &self.attempt.to_string()])[..16].to_owned()
    }

    /// The input with the keywords replaced by their values, none of which needs to be quoted in JSON.
    pub(super) fn fill(&self, input: &str) -> String {
        if !input.contains("<aws.scheduler.") {
            return input.to_owned();
        }
        input
            .replace("<aws.scheduler.schedule-arn>", &self.schedule.to_string())
            .replace("<aws.scheduler.scheduled-time>", &self.due.to_seconds_string())
            .replace("<aws.scheduler.execution-id>", &self.execution_id())
            .replace("<aws.scheduler.attempt-number>", &self.attempt.to_string())
    }
}
