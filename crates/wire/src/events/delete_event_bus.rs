//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteEventBus.html>

use serde::Deserialize;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    name: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    Ok(context.services.bus.delete_bus(&context.scope, &context.principal, &input.name).await?)
}
