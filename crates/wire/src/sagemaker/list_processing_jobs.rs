//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListProcessingJobs.html>

use serde::Deserialize;
use serde_json::{Value, json};
use trainyard_domain::Timestamp;
use trainyard_services::{
    jobs::{Filter, Kind},
    listing::Listing,
};

use super::paging::{ByCreation, Order, limit};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    #[serde(default)]
    name_contains: Option<String>,
    #[serde(default)]
    status_equals: Option<String>,
    #[serde(default)]
    creation_time_after: Option<Timestamp>,
    #[serde(default)]
    creation_time_before: Option<Timestamp>,
    #[serde(default, rename = "SortBy")]
    _sort_by: Option<ByCreation>,
    #[serde(default)]
    sort_order: Option<Order>,
    #[serde(default)]
    max_results: Option<usize>,
    #[serde(default)]
    next_token: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let jobs = &context.services.jobs;
    let created = (input.creation_time_after, input.creation_time_before);
    let filter = Filter { status: input.status_equals, created };
    let listing = Listing {
        name_contains: input.name_contains,
        ascending: input.sort_order != Some(Order::Descending),
        limit: limit(input.max_results)?,
        after: input.next_token,
    };
    let (found, next) = jobs.list(Kind::Processing, &context.scope, &filter, &listing).await?;
    let summaries: Vec<_> = found.iter().map(|job| jobs.summary(job)).collect();
    Ok(json!({"ProcessingJobSummaries": summaries, "NextToken": next}))
}
