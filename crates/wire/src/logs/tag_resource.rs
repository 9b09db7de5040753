//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_TagResource.html>

use std::collections::BTreeMap;

use serde::Deserialize;

use super::naming;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    resource_arn: String,
    tags: BTreeMap<String, String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let Context { services, scope, principal, .. } = context;
    let name = naming::tagged(&input.resource_arn)?;
    Ok(services.logs.tag_group(scope, principal, &name, input.tags).await?)
}
