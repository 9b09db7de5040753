//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeResourcePolicies.html>

use serde::Deserialize;
use serde_json::{Value, json};

use super::{naming::page, put_resource_policy::shown};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    limit: Option<usize>,
    next_token: Option<String>,
}

/// There are a handful: a page begins after the policy that its token names.
pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let limit = page(input.limit)?;
    let all = context.services.logs.policies(&context.scope).await?;
    let rest = all.iter().filter(|policy| input.next_token.as_ref().is_none_or(|last| policy.name > *last));
    let rest: Vec<_> = rest.collect();
    let on_page: Vec<Value> = rest.iter().take(limit).map(|policy| shown(policy)).collect();
    let mut answer = json!({"resourcePolicies": on_page});
    if rest.len() > limit {
        answer["nextToken"] = rest[limit - 1].name.as_str().into();
    }
    Ok(answer)
}
