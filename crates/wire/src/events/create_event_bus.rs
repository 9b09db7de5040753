//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html>

use serde::{Deserialize, Serialize};
use trainyard_services::bus::{Error, EventBus};

use super::shape::{DeadLetters, LogShape, SettingsShape, Tag, pairs};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    name: String,
    event_source_name: Option<String>,
    description: Option<String>,
    kms_key_identifier: Option<String>,
    dead_letter_config: Option<DeadLetters>,
    log_config: Option<LogShape>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    event_bus_arn: String,
    #[serde(flatten)]
    settings: SettingsShape,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    if let Some(source) = input.event_source_name {
        // A bus for a partner's events; no partner sends any here.
        return Err(Error::NoSource(source).into());
    }
    let Input { description, kms_key_identifier: key, dead_letter_config, log_config, .. } = input;
    let settings = SettingsShape::of(description, key, dead_letter_config, log_config).read();
    let new = EventBus::new(&context.scope, &input.name);
    let bus = EventBus { settings: settings.clone(), tags: pairs(input.tags), ..new };
    let arn = context.services.bus.create_bus(&context.principal, bus).await?;
    Ok(Output { event_bus_arn: arn.to_string(), settings: settings.into() })
}
