//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjects.html>

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
    marker: Option<String>,
    max_keys: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::s3) struct Output {
    name: String,
    prefix: String,
    marker: String,
    max_keys: usize,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_marker: Option<String>,
    contents: Vec<Item>,
    common_prefixes: Vec<Folder>,
}

pub(in crate::s3) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let (prefix, marker) = (input.prefix.unwrap_or_default(), input.marker.unwrap_or_default());
    let max_keys = input.max_keys.unwrap_or(1000).clamp(1, 1000);
    let query = ListQuery {
        prefix: prefix.clone(),
        delimiter: input.delimiter.filter(|delimiter| !delimiter.is_empty()),
        after: Some(marker.clone()).filter(|marker| !marker.is_empty()),
        cursor: None,
        limit: max_keys,
    };
    let page = context.services.artifacts.list(&context.scope.account, &input.bucket, query).await?;
    let next_marker = page.next.as_ref().and(page.entries.last()).map(|entry| entry.name().to_owned());
    let is_truncated = page.next.is_some();
    let (contents, common_prefixes) = shown(page.entries);
    Ok(Output {
        name: input.bucket,
        prefix,
        marker,
        max_keys,
        is_truncated,
        next_marker,
        contents,
        common_prefixes,
    })
}
