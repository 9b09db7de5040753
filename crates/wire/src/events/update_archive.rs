//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UpdateArchive.html>

use serde_json::Value;

use super::archive::{self, Request};
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: Request) -> Result<Value, ApiError> {
    let bus = &context.services.bus;
    let changed = bus.update_archive(&context.scope, &context.principal, input.into()).await?;
    Ok(archive::changed(&changed))
}
