//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListBuckets.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;

use super::seconds;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::s3) struct Input {
    prefix: Option<String>,
    max_buckets: Option<usize>,
    continuation_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::s3) struct Output {
    buckets: Vec<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continuation_token: Option<String>,
    owner: Owner,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Item {
    creation_date: Timestamp,
    name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Owner {
    #[serde(rename = "ID")]
    id: String,
}

pub(in crate::s3) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let account = &context.scope.account;
    let limit = input.max_buckets.unwrap_or(10_000).clamp(1, 10_000);
    let prefix = input.prefix.unwrap_or_default();
    let page = context.services.artifacts.buckets(account, &prefix, limit, input.continuation_token).await?;
    let buckets = page.items.into_iter().map(|held| held.value);
    let buckets = buckets.map(|bucket| Item { creation_date: seconds(bucket.created), name: bucket.name });
    Ok(Output {
        buckets: buckets.collect(),
        continuation_token: page.next,
        owner: Owner { id: account.to_string() },
    })
}
