//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html>

use serde::Deserialize;
use trainyard_services::queues::Word;

use super::shape::{caller, queue};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    queue_url: Option<String>,
    receipt_handle: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let name = queue(context, input.queue_url.as_deref())?;
    let words = [(input.receipt_handle, Word::Done)];
    let told = context.services.queues.settle(&caller(context), &name, &words).await?;
    told.into_iter().collect::<Result<(), _>>().map_err(ApiError::from)
}
