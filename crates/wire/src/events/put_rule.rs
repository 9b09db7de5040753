//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>

use serde::{Deserialize, Serialize};
use trainyard_services::bus::RuleSpec;

use super::shape::{State, Tag, pairs};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    name: String,
    schedule_expression: Option<String>,
    event_pattern: Option<String>,
    state: Option<State>,
    description: Option<String>,
    role_arn: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
    event_bus_name: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    rule_arn: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let spec = RuleSpec {
        name: input.name,
        bus: input.event_bus_name,
        pattern: given(input.event_pattern),
        schedule: given(input.schedule_expression),
        disabled: input.state == Some(State::Disabled),
        management_events: input.state == Some(State::EnabledWithAllCloudtrailManagementEvents),
        description: input.description,
        role: given(input.role_arn),
        tags: pairs(input.tags),
    };
    let arn = context.services.bus.put_rule(&context.scope, &context.principal, spec).await?;
    Ok(Output { rule_arn: arn.to_string() })
}
