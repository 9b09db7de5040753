//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_StartMessageMoveTask.html>

use serde::{Deserialize, Serialize};

use super::shape::{caller, of_arn};
use crate::{ApiError, Context, input};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    source_arn: String,
    destination_arn: Option<String>,
    #[serde(default, deserialize_with = "input::number")]
    max_number_of_messages_per_second: Option<u32>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    task_handle: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let from = of_arn(&input.source_arn, "SourceArn")?;
    let to = input.destination_arn.as_deref().map(|arn| of_arn(arn, "DestinationArn")).transpose()?;
    let rate = input.max_number_of_messages_per_second;
    let task_handle = context.services.queues.start_move(&caller(context), &from, to, rate).await?;
    Ok(Output { task_handle })
}
