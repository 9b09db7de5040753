//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeApiDestination.html>

use serde_json::Value;

use super::shape::Named;
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: Named) -> Result<Value, ApiError> {
    let connections = &context.services.connections;
    let destination = connections.describe_destination(&context.scope, &input.name).await?;
    Ok(destination.described(connections.is_active(&destination).await?).into())
}
