//! <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_DeleteSourceCredentials.html>

use serde::{Deserialize, Serialize};

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {
    arn: String,
}

#[derive(Serialize)]
pub(super) struct Output {
    arn: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let Context { services, scope, principal, .. } = context;
    services.builds.delete_credential(scope, principal, &input.arn).await?;
    Ok(Output { arn: input.arn })
}
