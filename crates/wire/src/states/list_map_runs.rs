//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListMapRuns.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_services::executions::MapRun;

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    execution_arn: String,
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    map_runs: Vec<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    execution_arn: String,
    map_run_arn: String,
    state_machine_arn: String,
    start_date: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_date: Option<Timestamp>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let arn = shape::own(context, &input.execution_arn)?;
    let limit = shape::page(input.max_results)?;
    let token = shape::token(input.next_token)?;
    let (page, next_token) = context.services.executions.list_map_runs(arn, limit, token).await?;
    Ok(Output { map_runs: page.into_iter().map(Item::from).collect(), next_token })
}

impl From<MapRun> for Item {
    fn from(run: MapRun) -> Self {
        Self {
            execution_arn: run.execution.to_string(),
            map_run_arn: run.arn.to_string(),
            state_machine_arn: run.machine_arn().to_string(),
            start_date: run.started,
            stop_date: run.ended,
        }
    }
}
