//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateRole.html>

use serde::Deserialize;

use crate::{ApiError, Context, input};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    role_name: String,
    description: Option<String>,
    #[serde(default, deserialize_with = "input::number")]
    max_session_duration: Option<u32>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let changes = (input.description, input.max_session_duration);
    let identity = &context.services.identity;
    Ok(identity.update_role(&context.scope.account, &input.role_name, changes).await.map(drop)?)
}
