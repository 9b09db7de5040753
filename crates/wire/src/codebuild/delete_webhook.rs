//! <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_DeleteWebhook.html>

use serde::Deserialize;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    project_name: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let builds = &context.services.builds;
    builds.put_webhook(&context.scope, &context.principal, &input.project_name, None).await?;
    Ok(())
}
