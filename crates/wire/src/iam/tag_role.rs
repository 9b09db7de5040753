//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_TagRole.html>

use serde::Deserialize;
use trainyard_services::identity::Tag;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    role_name: String,
    tags: Vec<Tag>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let identity = &context.services.identity;
    Ok(identity.tag_role(&context.scope.account, &input.role_name, input.tags).await?)
}
