//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateApiDestination.html>

use serde_json::Value;
use trainyard_services::connections::DestinationRequest;

use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: DestinationRequest) -> Result<Value, ApiError> {
    let connections = &context.services.connections;
    let made = connections.create_destination(&context.scope, &context.principal, input).await?;
    Ok(made.summary(connections.is_active(&made).await?).into())
}
