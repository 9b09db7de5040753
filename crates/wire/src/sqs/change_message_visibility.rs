//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html>

use serde::Deserialize;
use trainyard_services::queues::{Error, Word};

use super::shape::{caller, queue};
use crate::{ApiError, Context, input};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    queue_url: Option<String>,
    receipt_handle: String,
    #[serde(default, deserialize_with = "input::number")]
    visibility_timeout: Option<u32>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let name = queue(context, input.queue_url.as_deref())?;
    let seconds = input.visibility_timeout.ok_or(Error::Missing("VisibilityTimeout"))?;
    let words = [(input.receipt_handle, Word::VisibleIn(seconds))];
    let told = context.services.queues.settle(&caller(context), &name, &words).await?;
    told.into_iter().collect::<Result<(), _>>().map_err(ApiError::from)
}
