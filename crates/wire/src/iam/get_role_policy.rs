//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRolePolicy.html>

use serde::{Deserialize, Serialize};

use super::shape::encoded;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    role_name: String,
    policy_name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    role_name: String,
    policy_name: String,
    policy_document: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let Input { role_name, policy_name } = input;
    let identity = &context.services.identity;
    let document = identity.role_policy(&context.scope.account, &role_name, &policy_name).await?;
    Ok(Output { policy_document: encoded(&document), role_name, policy_name })
}
