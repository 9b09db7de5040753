//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListTagsForResource.html>

use serde::{Deserialize, Serialize};

use super::shape::{self, Tag};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    resource_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    tags: Vec<Tag>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let arn = shape::own(context, &input.resource_arn)?;
    let tags = context
        .services
        .executions
        .tags(arn)
        .await?
        .into_iter()
        .map(|(key, value)| Tag { key, value })
        .collect();
    Ok(Output { tags })
}
