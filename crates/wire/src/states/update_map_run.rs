//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_UpdateMapRun.html>

use serde::Deserialize;
use trainyard_services::executions::Limits;

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    map_run_arn: String,
    max_concurrency: Option<u64>,
    tolerated_failure_percentage: Option<f64>,
    tolerated_failure_count: Option<u64>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let arn = shape::own(context, &input.map_run_arn)?;
    let limits = Limits {
        concurrency: input.max_concurrency,
        tolerated_count: input.tolerated_failure_count,
        tolerated_percentage: input.tolerated_failure_percentage,
    };
    context.services.executions.update_map_run(&context.principal, arn, limits).await?;
    Ok(())
}
