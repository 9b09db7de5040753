//! <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html>

use serde::Serialize;
use serde_json::Value;
use trainyard_services::builds::StartRequest;

use crate::{ApiError, Context};

#[derive(Serialize)]
pub(super) struct Output {
    build: Value,
}

pub(super) async fn run(context: &Context, mut input: StartRequest) -> Result<Output, ApiError> {
    // A call that is made again after a crash starts nothing new.
    input.idempotency_token = input.idempotency_token.or_else(|| context.token.clone());
    let builds = &context.services.builds;
    let (scope, by) = (&context.scope, &context.principal);
    let build = match &context.token {
        Some(token) => builds.start_for_task(scope, by, input, token).await?,
        None => builds.start(scope, by, input).await?,
    };
    Ok(Output { build: builds.describe(&build) })
}
