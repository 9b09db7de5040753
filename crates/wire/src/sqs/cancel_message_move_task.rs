//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CancelMessageMoveTask.html>

use serde::{Deserialize, Serialize};

use super::shape::caller;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    task_handle: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    approximate_number_of_messages_moved: u64,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let (scope, handle) = (context.scope.to_string(), &input.task_handle);
    let moved = context.services.queues.cancel_move(&caller(context), &scope, handle).await?;
    Ok(Output { approximate_number_of_messages_moved: moved })
}
