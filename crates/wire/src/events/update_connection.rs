//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateConnection.html>

use serde_json::Value;
use trainyard_services::connections::ConnectionRequest;

use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: ConnectionRequest) -> Result<Value, ApiError> {
    let connections = &context.services.connections;
    let changed = connections.update(&context.scope, &context.principal, input).await?;
    Ok(changed.summary_with_authorization(None).into())
}
