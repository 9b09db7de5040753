//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListRolePolicies.html>

use serde::Serialize;

use super::paging::{OfRole, Page};
use crate::{ApiError, Context};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    policy_names: Vec<String>,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
}

pub(super) async fn run(context: &Context, input: OfRole) -> Result<Output, ApiError> {
    let role = context.services.identity.role(&context.scope.account, &input.role_name).await?;
    let Page { items, marker } = input.page(role.inline.into_keys())?;
    Ok(Output { policy_names: items, is_truncated: marker.is_some(), marker })
}
