//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>

use serde::{Deserialize, Serialize};
use trainyard_services::artifacts::ListQuery;

use super::{Folder, Item, shown};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::s3) struct Input {
    bucket: String,
    prefix: Option<String>,
    delimiter: Option<String>,
    start_after: Option<String>,
    continuation_token: Option<String>,
    max_keys: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::s3) struct Output {
    name: String,
    prefix: String,
    max_keys: usize,
    key_count: usize,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_continuation_token: Option<String>,
    contents: Vec<Item>,
    common_prefixes: Vec<Folder>,
}

pub(in crate::s3) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let prefix = input.prefix.unwrap_or_default();
    let max_keys = input.max_keys.unwrap_or(1000).clamp(1, 1000);
    let query = ListQuery {
        prefix: prefix.clone(),
        delimiter: input.delimiter.filter(|delimiter| !delimiter.is_empty()),
        after: input.start_after,
        cursor: input.continuation_token,
        limit: max_keys,
    };
    let page = context.services.artifacts.list(&context.scope.account, &input.bucket, query).await?;
    let key_count = page.entries.len();
    let (contents, common_prefixes) = shown(page.entries);
    Ok(Output {
        name: input.bucket,
        prefix,
        max_keys,
        key_count,
        is_truncated: page.next.is_some(),
        next_continuation_token: page.next,
        contents,
        common_prefixes,
    })
}
