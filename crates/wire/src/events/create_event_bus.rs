//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html>

use serde::{Deserialize, Serialize};
use trainyard_services::bus::EventBus;

use super::shape::{Tag, pairs};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    name: String,
    description: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    event_bus_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let bus = EventBus {
        scope: context.scope.clone(),
        name: input.name,
        description: input.description.clone(),
        created: None,
        tags: pairs(input.tags),
    };
    let arn = context.services.bus.create_bus(&context.principal, bus).await?;
    Ok(Output { event_bus_arn: arn.to_string(), description: input.description })
}
