//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateConnection.html>

use serde_json::Value;
use trainyard_services::connections::ConnectionRequest;

use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: ConnectionRequest) -> Result<Value, ApiError> {
    let connections = &context.services.connections;
    let made = connections.create(&context.scope, &context.principal, input).await?;
    Ok(made.summary(None).into())
}
