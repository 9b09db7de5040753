//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListDeadLetterSourceQueues.html>

use serde::{Deserialize, Serialize};

use super::{
    list_queues,
    shape::{caller, queue},
};
use crate::{ApiError, Context, input};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    queue_url: Option<String>,
    #[serde(default, deserialize_with = "input::number")]
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    /// The one member that AWS writes with a small letter.
    #[serde(rename = "queueUrls")]
    queue_urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let name = queue(context, input.queue_url.as_deref())?;
    let limit = list_queues::limit(input.max_results)?;
    let found = context.services.queues.sources(&caller(context), &name, limit, input.next_token).await?;
    let queue_urls = found.0.iter().map(|name| name.url(&context.base_url)).collect();
    Ok(Output { queue_urls, next_token: found.1 })
}
