//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeletePolicy.html>

use serde::Deserialize;
use trainyard_domain::Arn;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    policy_arn: Arn,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let identity = &context.services.identity;
    Ok(identity.delete_policy(&context.scope.account, &input.policy_arn).await?)
}
