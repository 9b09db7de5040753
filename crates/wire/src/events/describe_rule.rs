//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeRule.html>

use serde::Deserialize;

use super::shape::RuleShape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    name: String,
    event_bus_name: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<RuleShape, ApiError> {
    let bus = input.event_bus_name.as_deref();
    let rule = context.services.bus.describe_rule(&context.scope, bus, &input.name).await?;
    Ok(RuleShape::from(rule).of(&context.scope.account))
}
