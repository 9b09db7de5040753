//! `ShowExecution`: an execution as it was after any of its events: which states it was in, with which inputs and
//! variables, and what it waited for. Task tokens are not shown.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trainyard_domain::Timestamp;
use trainyard_services::executions::Standing;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    execution_arn: String,
    /// The last event, if none is given.
    event_id: Option<u64>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    execution_arn: String,
    /// How it stands now.
    status: &'static str,
    /// Whether it was over then.
    over: bool,
    event_id: u64,
    time: Timestamp,
    /// The event as GetExecutionHistory shows it.
    event: Value,
    standings: Vec<Standing>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let executions = &context.services.executions;
    let picture = executions.picture(&context.principal, &input.execution_arn, input.event_id).await?;
    Ok(Output {
        execution_arn: picture.execution.arn().to_string(),
        status: picture.execution.status.as_str(),
        over: picture.over,
        event_id: picture.event.id,
        time: picture.event.time,
        event: picture.event.to_aws(),
        standings: picture.standings,
    })
}
