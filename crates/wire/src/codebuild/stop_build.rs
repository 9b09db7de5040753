//! <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StopBuild.html>

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    id: String,
}

#[derive(Serialize)]
pub(super) struct Output {
    build: Value,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let builds = &context.services.builds;
    let build = builds.stop(&context.scope, &context.principal, &input.id).await?;
    Ok(Output { build: builds.describe(&build) })
}
