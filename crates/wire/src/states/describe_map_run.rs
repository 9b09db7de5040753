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
    redrive_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    redrive_date: Option<Timestamp>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Counts {
    total: u64,
    pending: u64,
    running: u64,
    succeeded: u64,
    failed: u64,
    timed_out: u64,
    aborted: u64,
    results_written: u64,
    failures_not_redrivable: u64,
    pending_redrive: u64,
}

impl From<Tally> for Counts {
    /// What waits to be redriven is not counted as what it was before.
    fn from(tally: Tally) -> Self {
        let Tally { waiting, .. } = tally;
        Self {
            total: tally.total,
            pending: tally.pending(),
            running: tally.running,
            succeeded: tally.succeeded,
            failed: tally.failed.saturating_sub(waiting.failed),
            timed_out: tally.timed_out.saturating_sub(waiting.timed_out),
            aborted: tally.aborted.saturating_sub(waiting.aborted),
            results_written: tally.results_written,
            failures_not_redrivable: tally.not_redrivable,
            pending_redrive: waiting.total(),
        }
    }
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let arn = shape::own(context, &input.map_run_arn)?;
    let run: MapRun = context.services.executions.describe_map_run(arn).await?;
    Ok(Output {
        map_run_arn: run.arn.to_string(),
        execution_arn: run.execution.to_string(),
        status: run.status,
        start_date: run.started,
        stop_date: run.ended,
        max_concurrency: run.concurrency,
        tolerated_failure_percentage: run.tolerated_percentage.unwrap_or_default(),
        tolerated_failure_count: run.tolerated_count.unwrap_or_default(),
        item_counts: run.items.into(),
        redrive_count: run.redrives,
        redrive_date: run.redriven,
        execution_counts: run.executions.into(),
    })
}
