//! What a schedule is made with, member by member as the API has it.
//! <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html>

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trainyard_domain::Timestamp;

use crate::patience::Patience;

/// CreateSchedule's and UpdateSchedule's members. Kept as they came, with the defaults filled in.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct ScheduleSpec {
    /// Its name, unique in the group.
    pub name: String,
    /// Its group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_name: Option<String>,
    /// When.
    pub schedule_expression: String,
    /// By which clocks; UTC if none is named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schedule_expression_timezone: Option<String>,
    /// Never before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub start_date: Option<Timestamp>,
    /// Never after.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub end_date: Option<Timestamp>,
    /// What it is for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Whether its times count.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state: Option<State>,
    /// Kept and shown: what is kept here is not encrypted with keys of AWS's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kms_key_arn: Option<String>,
    /// What is called.
    pub target: Target,
    /// How much later it may be.
    pub flexible_time_window: Window,
    /// The same token makes the same schedule.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_token: Option<String>,
    /// What becomes of it when its last time is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub action_after_completion: Option<Completion>,
}

/// Whether a schedule's times count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum State {
    /// They do.
    Enabled,
    /// They go by.
    Disabled,
}

/// What becomes of a schedule when its last time is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Completion {
    /// It stays.
    None,
    /// It is deleted.
    Delete,
}

/// How much later than its time a call may be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Window {
    /// Whether at all.
    pub mode: Mode,
    /// So much.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_window_in_minutes: Option<u32>,
}

/// Whether a call may be made later than its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Mode {
    /// It is made at its time.
    Off,
    /// At some moment of the window that begins at its time.
    Flexible,
}

/// What is called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Target {
    /// A thing that is started, or `arn:aws:scheduler:::aws-sdk:<service>:<action>`.
    pub arn: String,
    /// As whom.
    pub role_arn: String,
    /// What it is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// How often and how long it is tried.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_policy: Option<Retries>,
    /// Where calls go that did not succeed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dead_letter_config: Option<DeadLetters>,
    /// For an event bus.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event_bridge_parameters: Option<EventParameters>,
    /// For a SageMaker pipeline.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sage_maker_pipeline_parameters: Option<PipelineParameters>,
    /// For a queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sqs_parameters: Option<QueueParameters>,
    /// Read to be refused by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ecs_parameters: Option<Value>,
    /// Read to be refused by name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kinesis_parameters: Option<Value>,
}

/// How often and how long a call is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Retries {
    /// No attempt later than so many seconds after the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_event_age_in_seconds: Option<u32>,
    /// After the first attempt, at most so many more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum_retry_attempts: Option<u32>,
}

/// A queue for calls that did not succeed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DeadLetters {
    /// The queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arn: Option<String>,
}

/// What an event on a bus is besides its detail.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct EventParameters {
    /// Its kind.
    pub detail_type: String,
    /// Where it comes from.
    pub source: String,
}

/// Parameters of a pipeline's execution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PipelineParameters {
    /// Each.
    #[serde(default)]
    pub pipeline_parameter_list: Vec<PipelineParameter>,
}

/// A parameter of a pipeline's execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct PipelineParameter {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// How a message is sent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct QueueParameters {
    /// The message's group in a FIFO queue.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub message_group_id: Option<String>,
}

impl Retries {
    /// With the defaults filled in.
    pub fn patience(&self) -> Patience {
        let usual = Patience::default();
        Patience {
            retries: self.maximum_retry_attempts.unwrap_or(usual.retries),
            seconds: self.maximum_event_age_in_seconds.unwrap_or(usual.seconds),
        }
    }
}

impl Target {
    /// How often and how long it is tried.
    pub fn retries(&self) -> Retries {
        let none = Retries { maximum_event_age_in_seconds: None, maximum_retry_attempts: None };
        self.retry_policy.unwrap_or(none)
    }
}

impl ScheduleSpec {
    /// With the defaults that GetSchedule shows filled in.
    #[must_use]
    pub fn whole(mut self) -> Self {
        let patience = self.target.retries().patience();
        self.target.retry_policy = Some(Retries {
            maximum_event_age_in_seconds: Some(patience.seconds),
            maximum_retry_attempts: Some(patience.retries),
        });
        self.group_name.get_or_insert_with(|| super::DEFAULT_GROUP.to_owned());
        self.schedule_expression_timezone.get_or_insert_with(|| "UTC".to_owned());
        self.state.get_or_insert(State::Enabled);
        self.action_after_completion.get_or_insert(Completion::None);
        self
    }

    /// Its group.
    pub fn group(&self) -> &str {
        self.group_name.as_deref().unwrap_or(super::DEFAULT_GROUP)
    }
}
