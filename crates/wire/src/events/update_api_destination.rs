//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateApiDestination.html>

use serde_json::Value;
use trainyard_services::connections::DestinationRequest;

use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: DestinationRequest) -> Result<Value, ApiError> {
    let connections = &context.services.connections;
    let changed = connections.update_destination(&context.scope, &context.principal, input).await?;
    Ok(changed.summary(connections.is_active(&changed).await?).into())
}
