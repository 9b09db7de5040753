//! <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_ListTagsForResource.html>

use serde::{Deserialize, Serialize};
use trainyard_services::schedules::Tag;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    resource_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    tags: Vec<Tag>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let tags = context.services.schedules.tags(&context.scope, &input.resource_arn).await?;
    Ok(Output { tags })
}
