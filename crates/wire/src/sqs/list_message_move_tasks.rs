//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListMessageMoveTasks.html>

use serde::{Deserialize, Serialize};
use trainyard_services::queues::{Move, MoveStatus};

use super::shape::{caller, of_arn};
use crate::{ApiError, Context, input};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    source_arn: String,
    #[serde(default, deserialize_with = "input::number")]
    max_results: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    results: Vec<Shape>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Shape {
    /// Of what goes on only: there is nothing else that could be done with it.
    #[serde(skip_serializing_if = "Option::is_none")]
    task_handle: Option<String>,
    status: MoveStatus,
    source_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_number_of_messages_per_second: Option<u32>,
    approximate_number_of_messages_moved: u64,
    approximate_number_of_messages_to_move: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    failure_reason: Option<String>,
    /// In milliseconds, as AWS has it here.
    started_timestamp: i64,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let from = of_arn(&input.source_arn, "SourceArn")?;
    let limit = input.max_results.unwrap_or(1);
    let moves = context.services.queues.moves(&caller(context), &from, limit).await?;
    Ok(Output { results: moves.into_iter().map(Shape::from).collect() })
}

impl From<Move> for Shape {
    fn from(moving: Move) -> Self {
        Self {
            task_handle: Some(moving.handle).filter(|_| moving.status == MoveStatus::Running),
            status: moving.status,
            source_arn: moving.from.arn().to_string(),
            destination_arn: moving.to.map(|to| to.arn().to_string()),
            max_number_of_messages_per_second: moving.rate,
            approximate_number_of_messages_moved: moving.moved,
            approximate_number_of_messages_to_move: moving.planned,
            failure_reason: moving.failure,
            started_timestamp: moving.started.millis(),
        }
    }
}
