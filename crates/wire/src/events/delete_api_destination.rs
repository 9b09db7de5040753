//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DeleteApiDestination.html>

use super::shape::Named;
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: Named) -> Result<(), ApiError> {
    let connections = &context.services.connections;
    Ok(connections.delete_destination(&context.scope, &context.principal, &input.name).await?)
}
