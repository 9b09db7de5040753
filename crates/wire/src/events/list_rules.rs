//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListRules.html>

use serde::{Deserialize, Serialize};

use super::shape::{RuleShape, page};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    name_prefix: Option<String>,
    event_bus_name: Option<String>,
    limit: Option<usize>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    rules: Vec<RuleShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let (prefix, limit) = (input.name_prefix.unwrap_or_default(), page(input.limit)?);
    let which = (input.event_bus_name.as_deref(), prefix.as_str());
    let (rules, next_token) =
        context.services.bus.list_rules(&context.scope, which, limit, input.next_token).await?;
    Ok(Output { rules: rules.into_iter().map(RuleShape::from).collect(), next_token })
}
