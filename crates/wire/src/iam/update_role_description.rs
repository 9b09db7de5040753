//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRoleDescription.html>

use serde::{Deserialize, Serialize};

use super::shape::RoleShape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    role_name: String,
    description: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    role: RoleShape,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let (identity, changes) = (&context.services.identity, (Some(input.description), None));
    let role = identity.update_role(&context.scope.account, &input.role_name, changes).await?;
    Ok(Output { role: role.into() })
}
