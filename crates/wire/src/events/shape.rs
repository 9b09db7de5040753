//! What several operations read or show.

use serde::{Deserialize, Serialize};
use trainyard_domain::{AccountId, Timestamp};
use trainyard_services::bus::{EventBus, Rule};

use crate::ApiError;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Tag {
    key: String,
    value: String,
}

/// What is asked of one thing by its name.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Named {
    pub(super) name: String,
}

pub(super) fn pairs(tags: Vec<Tag>) -> Vec<(String, String)> {
    tags.into_iter().map(|Tag { key, value }| (key, value)).collect()
}

/// The states that a rule can have here.
#[derive(Clone, Copy, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum State {
    Enabled,
    Disabled,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BusShape {
    name: String,
    arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creation_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified_time: Option<Timestamp>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct RuleShape {
    name: String,
    arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    event_pattern: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schedule_expression: Option<String>,
    state: State,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    role_arn: Option<String>,
    event_bus_name: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<String>,
}

impl From<EventBus> for BusShape {
    fn from(bus: EventBus) -> Self {
        let arn = bus.arn().to_string();
        Self {
            name: bus.name,
            arn,
            description: bus.description,
            creation_time: bus.created,
            last_modified_time: bus.created,
        }
    }
}

impl RuleShape {
    /// With whose it is, as only `DescribeRule` shows it.
    pub(super) fn of(self, account: &AccountId) -> Self {
        Self { created_by: Some(account.to_string()), ..self }
    }
}

impl From<Rule> for RuleShape {
    fn from(rule: Rule) -> Self {
        Self {
            arn: rule.arn().to_string(),
            name: rule.name,
            event_pattern: rule.pattern,
            schedule_expression: rule.schedule,
            state: if rule.enabled { State::Enabled } else { State::Disabled },
            description: rule.description,
            role_arn: rule.role.map(|role| role.to_string()),
            event_bus_name: rule.bus,
            created_by: None,
        }
    }
}

/// How many are shown on a page.
pub(super) fn page(asked: Option<usize>) -> Result<usize, ApiError> {
    match asked.unwrap_or(100) {
        asked @ 1..=100 => Ok(asked),
        asked => {
            let message = format!(
                "1 validation error detected: Value '{asked}' at 'limit' failed to satisfy constraint: \
                 Member must have value between 1 and 100"
            );
            Err(ApiError::invalid("ValidationException", message))
        }
    }
}
