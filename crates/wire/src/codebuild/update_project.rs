//! <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_UpdateProject.html>

use serde::Serialize;
use serde_json::Value;
use trainyard_services::builds::ProjectRequest;

use crate::{ApiError, Context};

#[derive(Serialize)]
pub(super) struct Output {
    project: Value,
}

pub(super) async fn run(context: &Context, input: ProjectRequest) -> Result<Output, ApiError> {
    let builds = &context.services.builds;
    let project = builds.update_project(&context.scope, &context.principal, input).await?;
    Ok(Output { project: builds.describe_project(&project) })
}
