//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetRole.html>

use serde::{Deserialize, Serialize};

use super::shape::RoleShape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    role_name: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    role: RoleShape,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let role = context.services.identity.role(&context.scope.account, &input.role_name).await?;
    Ok(Output { role: role.into() })
}
