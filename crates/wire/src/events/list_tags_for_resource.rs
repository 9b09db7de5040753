//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListTagsForResource.html>

use serde::{Deserialize, Serialize};

use super::shape::{self, Tag};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    #[serde(rename = "ResourceARN")]
    resource: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    tags: Vec<Tag>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let tags = context.services.bus.tags(&context.scope, &input.resource).await?;
    Ok(Output { tags: shape::tags(tags) })
}
