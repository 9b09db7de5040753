//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeConnection.html>

use serde_json::Value;

use super::shape::Named;
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: Named) -> Result<Value, ApiError> {
    let connections = &context.services.connections;
    let connection = connections.describe(&context.scope, &input.name).await?;
    Ok(connection.described().into())
}
