//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_EnableRule.html>

use serde::Deserialize;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    name: String,
    event_bus_name: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let rule = (input.event_bus_name.as_deref(), input.name.as_str());
    Ok(context.services.bus.enable_rule(&context.scope, &context.principal, rule, true).await?)
}
