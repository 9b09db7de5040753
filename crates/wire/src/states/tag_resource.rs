//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_TagResource.html>

use serde::Deserialize;

use super::shape::{self, Tag};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    resource_arn: String,
    tags: Vec<Tag>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let arn = shape::own(context, &input.resource_arn)?;
    let tags = shape::pairs(input.tags);
    Ok(context.services.executions.tag(&context.principal, arn, tags, &[]).await?)
}
