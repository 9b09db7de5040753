//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeauthorizeConnection.html>

use serde_json::Value;

use super::shape::Named;
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: Named) -> Result<Value, ApiError> {
    let connections = &context.services.connections;
    let changed = connections.deauthorize(&context.scope, &context.principal, &input.name).await?;
    Ok(changed.summary_with_authorization(Some("DEAUTHORIZING")).into())
}
