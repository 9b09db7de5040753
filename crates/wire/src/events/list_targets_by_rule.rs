//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListTargetsByRule.html>

use serde::{Deserialize, Serialize};

use super::{shape::page, target::TargetShape};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    rule: String,
    event_bus_name: Option<String>,
    limit: Option<usize>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    targets: Vec<TargetShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

/// A rule has a handful of targets: a page begins after the number of them that its token says.
pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let (bus, limit) = (input.event_bus_name.as_deref(), page(input.limit)?);
    let wrong = |_| ApiError::invalid("ValidationException", "The token is not valid.");
    let seen: usize = input.next_token.map_or(Ok(0), |token| token.parse().map_err(wrong))?;
    let rule = context.services.bus.describe_rule(&context.scope, bus, &input.rule).await?;
    let more = rule.targets.len() > seen.saturating_add(limit);
    let targets = rule.targets.into_iter().skip(seen).take(limit).map(TargetShape::from).collect();
    Ok(Output { targets, next_token: more.then(|| (seen + limit).to_string()) })
}
