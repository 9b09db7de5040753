//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRuleNamesByTarget.html>

use serde::{Deserialize, Serialize};

use super::shape::page;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    target_arn: String,
    event_bus_name: Option<String>,
    limit: Option<usize>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    rule_names: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let limit = page(input.limit)?;
    let which = (input.event_bus_name.as_deref(), input.target_arn.as_str());
    let (rules, next_token) =
        context.services.bus.rules_of_target(&context.scope, which, limit, input.next_token).await?;
    Ok(Output { rule_names: rules.into_iter().map(|rule| rule.name).collect(), next_token })
}
