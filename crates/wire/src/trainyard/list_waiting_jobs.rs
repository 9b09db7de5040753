//! The jobs that wait for room on the machine, each with what it waits for.

use serde::{Deserialize, Serialize};
use trainyard_services::jobs::Kind;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Input {}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    jobs: Vec<WaitingJob>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct WaitingJob {
    kind: Kind,
    name: String,
    arn: String,
    reason: String,
}

pub(super) async fn run(context: &Context, _: Input) -> Result<Output, ApiError> {
    let waiting = context.services.jobs.waiting(&context.scope).await?;
    let jobs = waiting.into_iter().map(|(job, reason)| WaitingJob {
        kind: job.kind,
        arn: job.arn.to_string(),
        name: job.name,
        reason,
    });
    Ok(Output { jobs: jobs.collect() })
}
