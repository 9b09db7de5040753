//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAssumeRolePolicy.html>

use serde::Deserialize;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    role_name: String,
    policy_document: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let identity = &context.services.identity;
    Ok(identity.update_trust_policy(&context.scope.account, &input.role_name, input.policy_document).await?)
}
