//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CancelReplay.html>

use serde_json::Value;

use super::replay::{self, Named};
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: Named) -> Result<Value, ApiError> {
    let bus = &context.services.bus;
    let cancelled = bus.cancel_replay(&context.scope, &context.principal, &input.replay_name).await?;
    Ok(replay::changed(&cancelled))
}
