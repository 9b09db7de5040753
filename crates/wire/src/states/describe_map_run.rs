//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeMapRun.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_services::executions::{MapRun, MapRunStatus, Tally};

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    map_run_arn: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    map_run_arn: String,
    execution_arn: String,
    status: MapRunStatus,
    start_date: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_date: Option<Timestamp>,
    max_concurrency: u64,
    tolerated_failure_percentage: f64,
    tolerated_failure_count: u64,
    item_counts: Counts,
    execution_counts: Counts,
}

#[derive(Serialize)]
struct Counts {
    pending: u64,
    #[serde(flatten)]
    tally: Tally,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let arn = shape::own(context, &input.map_run_arn)?;
    let run: MapRun = context.services.executions.describe_map_run(arn).await?;
    let counts = |tally: Tally| Counts { pending: tally.pending(), tally };
    Ok(Output {
        map_run_arn: run.arn.to_string(),
        execution_arn: run.execution.to_string(),
        status: run.status,
        start_date: run.started,
        stop_date: run.ended,
        max_concurrency: run.concurrency,
        tolerated_failure_percentage: run.tolerated_percentage.unwrap_or_default(),
        tolerated_failure_count: run.tolerated_count.unwrap_or_default(),
        item_counts: counts(run.items),
        execution_counts: counts(run.executions),
    })
}
