//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html>

use serde::{Deserialize, Serialize};
use trainyard_services::{bus::Error, refusal::Refusal};

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
    failed_entry_count: usize,
    failed_entries: Vec<Failed>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Failed {
    target_id: String,
    error_code: &'static str,
    error_message: String,
}

/// All targets are taken or the call is refused; but where too many change the rule at the same time, AWS answers that
/// the targets have failed, and so do we.
pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let targets = input.targets.into_iter().map(TargetShape::read).collect::<Result<Vec<_>, _>>()?;
    let ids: Vec<String> = targets.iter().map(|target| target.id.clone()).collect();
    let rule = (input.event_bus_name.as_deref(), input.rule.as_str());
    let failed_entries =
        match context.services.bus.put_targets(&context.scope, &context.principal, rule, targets).await {
            Ok(()) => Vec::new(),
            Err(error @ Error::Concurrent(_)) => {
                let failed = |target_id: String| Failed {
                    target_id,
                    error_code: error.code(),
                    error_message: error.to_string(),
                };
                ids.into_iter().map(failed).collect()
            }
            Err(error) => return Err(error.into()),
        };
    Ok(Output { failed_entry_count: failed_entries.len(), failed_entries })
}
