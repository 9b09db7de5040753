//! `ReplayExecution`: decides what is recorded of an execution once more under another definition, and says what is the
//! first thing that would be different. Nothing is changed and nothing is called.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    execution_arn: String,
    definition: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    execution_arn: String,
    /// How many events are decided as they were recorded.
    same_events: u64,
    /// How many of them were drawn by lot, and taken from the record.
    drawn_events: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    difference: Option<Difference>,
}

/// The first event that is not decided as it was recorded, as GetExecutionHistory shows events.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Difference {
    /// None where the record has ended.
    recorded: Option<Value>,
    /// None where nothing follows.
    decided: Option<Value>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let executions = &context.services.executions;
    let replayed = executions.replay(&context.principal, &input.execution_arn, &input.definition).await?;
    let difference = replayed.difference.map(|difference| Difference {
        recorded: difference.recorded.map(|event| event.to_aws()),
        decided: difference.decided.map(|event| event.to_aws()),
    });
    Ok(Output {
        execution_arn: input.execution_arn,
        same_events: replayed.same,
        drawn_events: replayed.lots,
        difference,
    })
}
