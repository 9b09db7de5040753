//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListInstanceProfilesForRole.html>
//!
//! There are no machines of EC2 here, and so no profiles of theirs: whoever asks before a role is removed is told so.

use serde::Serialize;

use super::paging::OfRole;
use crate::{ApiError, Context};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    instance_profiles: Vec<String>,
    is_truncated: bool,
}

pub(super) async fn run(context: &Context, input: OfRole) -> Result<Output, ApiError> {
    context.services.identity.role(&context.scope.account, &input.role_name).await?;
    Ok(Output { instance_profiles: Vec::new(), is_truncated: false })
}
