//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TagResource.html>

use serde::Deserialize;

use super::shape::{Tag, pairs};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    #[serde(rename = "ResourceARN")]
    resource: String,
    tags: Vec<Tag>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let Context { services, scope, principal, .. } = context;
    Ok(services.bus.tag(scope, principal, &input.resource, pairs(input.tags)).await?)
}
