//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_GetQueueAttributes.html>

use serde::{Deserialize, Serialize};
use trainyard_services::queues::Attributes;

use super::shape::{caller, queue};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    queue_url: Option<String>,
    #[serde(default)]
    attribute_names: Vec<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    #[serde(skip_serializing_if = "Attributes::is_empty")]
    attributes: Attributes,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let name = queue(context, input.queue_url.as_deref())?;
    let queues = &context.services.queues;
    let attributes = queues.attributes(&caller(context), &name, &input.attribute_names).await?;
    Ok(Output { attributes })
}
