//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagPolicy.html>

use serde::Deserialize;
use trainyard_domain::Arn;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    policy_arn: Arn,
    tag_keys: Vec<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let identity = &context.services.identity;
    Ok(identity.untag_policy(&context.scope.account, &input.policy_arn, &input.tag_keys).await?)
}
