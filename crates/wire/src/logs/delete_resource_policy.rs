//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DeleteResourcePolicy.html>

use serde::Deserialize;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    policy_name: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let Context { services, scope, principal, .. } = context;
    Ok(services.logs.delete_policy(scope, principal, &input.policy_name).await?)
}
