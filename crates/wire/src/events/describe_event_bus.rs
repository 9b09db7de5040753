//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeEventBus.html>

use serde::Deserialize;

use super::shape::BusShape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    name: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<BusShape, ApiError> {
    let bus = context.services.bus.describe_bus(&context.scope, input.name.as_deref()).await?;
    Ok(bus.into())
}
