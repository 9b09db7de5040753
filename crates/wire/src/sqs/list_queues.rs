//! <https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ListQueues.html>

use serde::{Deserialize, Serialize};
use trainyard_services::queues::Error;

use crate::{ApiError, Context, input};

/// The longest page, and the usual one.
const LONGEST: usize = 1000;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    #[serde(default)]
    queue_name_prefix: String,
    #[serde(default, deserialize_with = "input::number")]
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    queue_urls: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let limit = limit(input.max_results)?;
    let (scope, prefix) = (&context.scope, &input.queue_name_prefix);
    let (names, next) = context.services.queues.list(scope, prefix, limit, input.next_token).await?;
    let queue_urls = names.iter().map(|name| name.url(&context.base_url)).collect();
    // Who asks for no pages gets none, as AWS has it.
    Ok(Output { queue_urls, next_token: next.filter(|_| input.max_results.is_some()) })
}

pub(super) fn limit(asked: Option<usize>) -> Result<usize, ApiError> {
    match asked {
        Some(asked) if !(1..=LONGEST).contains(&asked) => {
            let words = format!(
                "Value {asked} for parameter MaxResults is invalid. Reason: must be an integer between 1 and 1000."
            );
            Err(Error::Invalid(words).into())
        }
        asked => Ok(asked.unwrap_or(LONGEST)),
    }
}
