//! What several operations read or show.

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_services::schedules::{
    Completion, DEFAULT_GROUP, Group, GroupState, Schedule, ScheduleSpec, State, Target, Window,
};

use crate::ApiError;

/// Which schedule.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Named {
    pub name: String,
    group_name: Option<String>,
    // A schedule that is gone stays gone: the token decides nothing.
    #[serde(rename = "ClientToken")]
    _client_token: Option<String>,
}

impl Named {
    pub(super) fn group(&self) -> &str {
        self.group_name.as_deref().unwrap_or(DEFAULT_GROUP)
    }
}

/// Which group.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct NamedGroup {
    pub name: String,
    // As with schedules.
    #[serde(rename = "ClientToken")]
    _client_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Made {
    pub schedule_arn: String,
}

/// How many are shown on a page, as asked for.
pub(super) fn page(asked: Option<usize>) -> Result<usize, ApiError> {
    match asked {
        None => Ok(100),
        Some(asked @ 1..=100) => Ok(asked),
        Some(asked) => {
            let bound = if asked == 0 { "greater than or equal to 1" } else { "less than or equal to 100" };
            let message = format!(
                "1 validation error detected: Value '{asked}' at 'maxResults' failed to satisfy constraint: Member must have value {bound}"
            );
            Err(ApiError::invalid("ValidationException", message))
        }
    }
}

/// A schedule, whole.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Whole {
    action_after_completion: Option<Completion>,
    arn: String,
    creation_date: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_date: Option<Timestamp>,
    flexible_time_window: Window,
    group_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_arn: Option<String>,
    last_modification_date: Timestamp,
    name: String,
    schedule_expression: String,
    schedule_expression_timezone: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    start_date: Option<Timestamp>,
    state: Option<State>,
    target: Target,
}

impl From<Schedule> for Whole {
    fn from(schedule: Schedule) -> Self {
        let arn = schedule.arn().to_string();
        let ScheduleSpec {
            name,
            group_name,
            schedule_expression,
            schedule_expression_timezone,
            start_date,
            end_date,
            description,
            state,
            kms_key_arn,
            target,
            flexible_time_window,
            client_token: _,
            action_after_completion,
        } = schedule.spec;
        Self {
            action_after_completion,
            arn,
            creation_date: schedule.created,
            description,
            end_date,
            flexible_time_window,
            group_name,
            kms_key_arn,
            last_modification_date: schedule.modified,
            name,
            schedule_expression,
            schedule_expression_timezone,
            start_date,
            state,
            target,
        }
    }
}

/// A schedule in a list.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Summary {
    arn: String,
    creation_date: Timestamp,
    group_name: Option<String>,
    last_modification_date: Timestamp,
    name: String,
    state: Option<State>,
    target: TargetSummary,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct TargetSummary {
    arn: String,
}

impl From<Schedule> for Summary {
    fn from(schedule: Schedule) -> Self {
        Self {
            arn: schedule.arn().to_string(),
            creation_date: schedule.created,
            last_modification_date: schedule.modified,
            group_name: schedule.spec.group_name,
            name: schedule.spec.name,
            state: schedule.spec.state,
            target: TargetSummary { arn: schedule.spec.target.arn },
        }
    }
}

/// A group, in a list and by itself.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct GroupShape {
    arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    creation_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modification_date: Option<Timestamp>,
    name: String,
    state: GroupState,
}

impl From<Group> for GroupShape {
    fn from(group: Group) -> Self {
        Self {
            arn: group.arn().to_string(),
            creation_date: group.created,
            last_modification_date: group.modified,
            name: group.name,
            state: group.state,
        }
    }
}
