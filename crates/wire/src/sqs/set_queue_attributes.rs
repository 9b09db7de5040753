//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html>

use serde::Deserialize;
use trainyard_services::queues::Attributes;

use super::shape::{caller, queue};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    queue_url: Option<String>,
    #[serde(default)]
    attributes: Attributes,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let name = queue(context, input.queue_url.as_deref())?;
    Ok(context.services.queues.set_attributes(&caller(context), &name, &input.attributes).await?)
}
