//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html>

use serde::{Deserialize, Serialize};

use super::target::TargetShape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    rule: String,
    event_bus_name: Option<String>,
    targets: Vec<TargetShape>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    failed_entry_count: u32,
    failed_entries: [(); 0],
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let targets = input.targets.into_iter().map(TargetShape::read).collect::<Result<_, _>>()?;
    let rule = (input.event_bus_name.as_deref(), input.rule.as_str());
    context.services.bus.put_targets(&context.scope, &context.principal, rule, targets).await?;
    // All are taken or the call is refused.
    Ok(Output { failed_entry_count: 0, failed_entries: [] })
}
