//! <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_TagResource.html>

use serde::Deserialize;
use trainyard_services::schedules::Tag;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    resource_arn: String,
    tags: Vec<Tag>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let (scope, by) = (&context.scope, &context.principal);
    Ok(context.services.schedules.tag(scope, by, &input.resource_arn, input.tags).await?)
}
