//! <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_DeleteProject.html>

use serde::Deserialize;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    name: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let builds = &context.services.builds;
    Ok(builds.delete_project(&context.scope, &context.principal, &input.name).await?)
}
