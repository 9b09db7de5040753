//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteConnection.html>

use serde_json::Value;

use super::shape::Named;
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: Named) -> Result<Value, ApiError> {
    let connections = &context.services.connections;
    let removed = connections.delete(&context.scope, &context.principal, &input.name).await?;
    Ok(removed.summary_with_authorization(Some("DELETING")).into())
}
