//! <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html>

use serde::Serialize;
use serde_json::Value;
use trainyard_services::builds::StartRequest;

use crate::{ApiError, Context};

#[derive(Serialize)]
pub(super) struct Output {
    build: Value,
}

pub(super) async fn run(context: &Context, input: StartRequest) -> Result<Output, ApiError> {
    let builds = &context.services.builds;
    let build = builds.start(&context.scope, &context.principal, input).await?;
    Ok(Output { build: builds.describe(&build) })
}
