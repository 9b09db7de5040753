//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_CreateRole.html>

use serde::{Deserialize, Serialize};
use trainyard_services::identity::{NewRole, Tag};

use super::shape::RoleShape;
use crate::{ApiError, Context, input};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    role_name: String,
    assume_role_policy_document: String,
    path: Option<String>,
    description: Option<String>,
    #[serde(default, deserialize_with = "input::number")]
    max_session_duration: Option<u32>,
    #[serde(default)]
    tags: Vec<Tag>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    role: RoleShape,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let new = NewRole {
        name: input.role_name,
        path: input.path,
        trust_policy: input.assume_role_policy_document,
        description: input.description,
        max_session_seconds: input.max_session_duration,
        tags: input.tags,
    };
    let role = context.services.identity.create_role(&context.scope.account, new).await?;
    Ok(Output { role: role.into() })
}
