//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_RemoveTargets.html>

use serde::{Deserialize, Serialize};

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    rule: String,
    event_bus_name: Option<String>,
    ids: Vec<String>,
    #[serde(default)]
    force: bool,
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

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let rule = (input.event_bus_name.as_deref(), input.rule.as_str());
    let Context { services, scope, principal, .. } = context;
    let strange = services.bus.remove_targets(scope, principal, rule, (&input.ids, input.force)).await?;
    let failed = |id: String| Failed {
        error_code: "ResourceNotFoundException",
        error_message: format!("Target {id} does not exist on rule {}.", input.rule),
        target_id: id,
    };
    let failed_entries: Vec<_> = strange.into_iter().map(failed).collect();
    Ok(Output { failed_entry_count: failed_entries.len(), failed_entries })
}
