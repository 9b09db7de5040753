//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeReplay.html>

use serde_json::Value;

use super::replay::{self, Named};
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: Named) -> Result<Value, ApiError> {
    let found = context.services.bus.describe_replay(&context.scope, &input.replay_name).await?;
    Ok(replay::described(&found))
}
