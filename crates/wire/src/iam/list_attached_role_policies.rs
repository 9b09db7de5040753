//! <https://docs.aws.amazon.com/IAM/latest/APIReference/API_ListAttachedRolePolicies.html>

use serde::Serialize;

use super::paging::{OfRole, Page};
use crate::{ApiError, Context};

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    attached_policies: Vec<Attached>,
    is_truncated: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    marker: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Attached {
    policy_name: String,
    policy_arn: String,
}

pub(super) async fn run(context: &Context, input: OfRole) -> Result<Output, ApiError> {
    let role = context.services.identity.role(&context.scope.account, &input.role_name).await?;
    let Page { items, marker } = input.page(role.attached.iter().map(ToString::to_string))?;
    let attached_policies = items.into_iter().map(|policy_arn| Attached {
        policy_name: policy_arn.rsplit('/').next().unwrap_or_default().to_owned(),
        policy_arn,
    });
    Ok(Output { attached_policies: attached_policies.collect(), is_truncated: marker.is_some(), marker })
}
