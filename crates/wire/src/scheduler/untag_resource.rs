//! <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_UntagResource.html>

use serde::Deserialize;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    resource_arn: String,
    tag_keys: Vec<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let (scope, by) = (&context.scope, &context.principal);
    Ok(context.services.schedules.untag(scope, by, &input.resource_arn, &input.tag_keys).await?)
}
