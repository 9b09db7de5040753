//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_UntagRole.html>

use serde::Deserialize;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    role_name: String,
    tag_keys: Vec<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let identity = &context.services.identity;
    Ok(identity.untag_role(&context.scope.account, &input.role_name, &input.tag_keys).await?)
}
