//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Principal;
use trainyard_services::identity::unique_id;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    user_id: String,
    account: String,
    arn: String,
}

pub(super) async fn run(context: &Context, _: Input) -> Result<Output, ApiError> {
    let Principal { account, arn, .. } = &context.principal;
    Ok(Output { user_id: user_id(&context.principal), account: account.to_string(), arn: arn.to_string() })
}

/// A role session's id is the role's and the session's name; a user's is its own.
pub(super) fn user_id(principal: &Principal) -> String {
    match &principal.role {
        None => unique_id("AIDA", &principal.arn.to_string()),
        Some(role) => {
            let session = principal.arn.resource.rsplit('/').next().unwrap_or_default();
            format!("{}:{session}", unique_id("AROA", &role.to_string()))
        }
    }
}
