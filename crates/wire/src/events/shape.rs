//! What several operations read or show.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trainyard_domain::{AccountId, Timestamp};
use trainyard_services::bus::{BusSettings, EventBus, LogSettings, Rule};

use crate::{ApiError, input};

#[derive(Deserialize, Serialize)]
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

/// Tags as they are shown.
pub(super) fn tags(pairs: Vec<(String, String)>) -> Vec<Tag> {
    pairs.into_iter().map(|(key, value)| Tag { key, value }).collect()
}

/// The states that a rule can have.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum State {
    Enabled,
    Disabled,
    EnabledWithAllCloudtrailManagementEvents,
}

/// What is said of a bus, as it is given and shown.
#[derive(Default, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct SettingsShape {
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kms_key_identifier: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letter_config: Option<DeadLetters>,
    #[serde(skip_serializing_if = "Option::is_none")]
    log_config: Option<LogShape>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct DeadLetters {
    #[serde(skip_serializing_if = "Option::is_none")]
    arn: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct LogShape {
    #[serde(skip_serializing_if = "Option::is_none")]
    include_detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    level: Option<String>,
}

impl SettingsShape {
    /// Of these members.
    pub(super) fn of(
        description: Option<String>,
        kms_key_identifier: Option<String>,
        dead_letter_config: Option<DeadLetters>,
        log_config: Option<LogShape>,
    ) -> Self {
        Self { description, kms_key_identifier, dead_letter_config, log_config }
    }

    /// As the bus knows them. A queue that is taken away is one without a name.
    pub(super) fn read(self) -> BusSettings {
        BusSettings {
            description: self.description,
            key: self.kms_key_identifier,
            dead_letters: self.dead_letter_config.map(|letters| letters.arn.unwrap_or_default()),
            log: self.log_config.map(|log| LogSettings { detail: log.include_detail, level: log.level }),
        }
    }
}

impl From<BusSettings> for SettingsShape {
    fn from(settings: BusSettings) -> Self {
        Self {
            description: settings.description,
            kms_key_identifier: settings.key,
            dead_letter_config: settings.dead_letters.map(|arn| DeadLetters { arn: Some(arn) }),
            log_config: settings.log.map(|log| LogShape { include_detail: log.detail, level: log.level }),
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct BusShape {
    name: String,
    arn: String,
    #[serde(flatten)]
    settings: SettingsShape,
    #[serde(skip_serializing_if = "Option::is_none")]
    policy: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    creation_time: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_modified_time: Option<Timestamp>,
}

impl BusShape {
    /// As a list shows it.
    pub(super) fn listed(self) -> Self {
        let settings = SettingsShape { description: self.settings.description, ..SettingsShape::default() };
        Self { settings, ..self }
    }
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
    managed_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    created_by: Option<String>,
}

impl From<EventBus> for BusShape {
    fn from(bus: EventBus) -> Self {
        let arn = bus.arn().to_string();
        Self {
            name: bus.name,
            arn,
            settings: bus.settings.into(),
            policy: bus.policy,
            creation_time: bus.created,
            last_modified_time: bus.modified.or(bus.created),
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
            state: match (rule.enabled, rule.management_events) {
                (true, false) => State::Enabled,
                (true, true) => State::EnabledWithAllCloudtrailManagementEvents,
                (false, _) => State::Disabled,
            },
            description: rule.description,
            role_arn: rule.role.map(|role| role.to_string()),
            event_bus_name: rule.bus,
            managed_by: rule.managed_by,
            created_by: None,
        }
    }
}

/// A page under its name, with where the next one begins if there is one.
pub(super) fn listed<T: Into<Value>>(
    name: &str,
    shown: impl IntoIterator<Item = T>,
    next: Option<String>,
) -> Value {
    let shown: Vec<Value> = shown.into_iter().map(Into::into).collect();
    let mut answer = json!({name: shown});
    if let Some(next) = next {
        answer["NextToken"] = next.into();
    }
    answer
}

/// How many are shown on a page.
pub(super) fn page(asked: Option<usize>) -> Result<usize, ApiError> {
    input::within(asked.unwrap_or(100), "limit", 1..=100, "ValidationException")
}
