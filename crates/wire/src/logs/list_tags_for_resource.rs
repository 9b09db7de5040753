//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_ListTagsForResource.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::naming;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    resource_arn: String,
}

#[derive(Serialize)]
pub(super) struct Output {
    tags: BTreeMap<String, String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let name = naming::tagged(&input.resource_arn)?;
    Ok(Output { tags: context.services.logs.group(&context.scope, &name).await?.tags })
}
