//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateEventBus.html>

use serde::{Deserialize, Serialize};

use super::shape::{DeadLetters, LogShape, SettingsShape};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    name: Option<String>,
    description: Option<String>,
    kms_key_identifier: Option<String>,
    dead_letter_config: Option<DeadLetters>,
    log_config: Option<LogShape>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    arn: String,
    name: String,
    #[serde(flatten)]
    settings: SettingsShape,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let Input { name, description, kms_key_identifier: key, dead_letter_config, log_config } = input;
    let settings = SettingsShape::of(description, key, dead_letter_config, log_config).read();
    let Context { services, scope, principal, .. } = context;
    let bus = services.bus.update_bus(scope, principal, name.as_deref(), settings).await?;
    Ok(Output { arn: bus.arn().to_string(), name: bus.name, settings: bus.settings.into() })
}
