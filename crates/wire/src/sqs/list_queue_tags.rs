//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueueTags.html>

use std::collections::BTreeMap;

use serde::Serialize;

use super::shape::{OfQueue, caller};
use crate::{ApiError, Context};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: BTreeMap<String, String>,
}

pub(super) async fn run(context: &Context, input: OfQueue) -> Result<Output, ApiError> {
    let name = input.name(context)?;
    let queue = context.services.queues.describe(&caller(context), &name, "sqs:ListQueueTags").await?;
    Ok(Output { tags: queue.tags })
}
