//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagPolicy.html>

use serde::Deserialize;
use trainyard_domain::Arn;
use trainyard_services::identity::Tag;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    policy_arn: Arn,
    tags: Vec<Tag>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let identity = &context.services.identity;
    Ok(identity.tag_policy(&context.scope.account, &input.policy_arn, input.tags).await?)
}
