//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trainyard_services::queues::{Attributes, QueueName};

use super::shape::caller;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    queue_name: String,
    #[serde(default)]
    attributes: Attributes,
    // AWS writes this one with a small letter, and Step Functions with a capital as all others.
    #[serde(default, alias = "tags")]
    tags: BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    queue_url: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let name = QueueName { scope: context.scope.clone(), name: input.queue_name };
    let made = context.services.queues.create(&caller(context), &name, &input.attributes, input.tags).await?;
    Ok(Output { queue_url: made.url(&context.base_url) })
}
