//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutResourcePolicy.html>

use serde::Deserialize;
use serde_json::{Value, json};
use trainyard_services::logs::LogPolicy;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    policy_name: String,
    policy_document: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let Context { services, scope, principal, .. } = context;
    let put = services.logs.put_policy(scope, principal, &input.policy_name, input.policy_document).await?;
    Ok(json!({"resourcePolicy": shown(&put)}))
}

/// A policy as it is shown.
pub(super) fn shown(policy: &LogPolicy) -> Value {
    json!({
        "policyName": policy.name,
        "policyDocument": policy.document,
        "lastUpdatedTime": policy.updated,
    })
}
