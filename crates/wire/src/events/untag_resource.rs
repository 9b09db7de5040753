//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_UntagResource.html>

use serde::Deserialize;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    #[serde(rename = "ResourceARN")]
    resource: String,
    tag_keys: Vec<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let Context { services, scope, principal, .. } = context;
    Ok(services.bus.untag(scope, principal, &input.resource, &input.tag_keys).await?)
}
