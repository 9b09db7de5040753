//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_UntagQueue.html>

use serde::Deserialize;

use super::shape::{caller, queue};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    queue_url: Option<String>,
    tag_keys: Vec<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let name = queue(context, input.queue_url.as_deref())?;
    Ok(context.services.queues.untag(&caller(context), &name, &input.tag_keys).await?)
}
