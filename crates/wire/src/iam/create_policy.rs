//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreatePolicy.html>

use serde::{Deserialize, Serialize};
use trainyard_services::identity::{NewPolicy, Tag};

use super::shape::PolicyShape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    policy_name: String,
    policy_document: String,
    path: Option<String>,
    description: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    policy: PolicyShape,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let new = NewPolicy {
        name: input.policy_name,
        path: input.path,
        document: input.policy_document,
        description: input.description,
        tags: input.tags,
    };
    let policy = context.services.identity.create_policy(&context.scope.account, new).await?;
    Ok(Output { policy: PolicyShape::new(policy, 0) })
}
