//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    execution_arn: String,
    error: Option<String>,
    cause: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    stop_date: Timestamp,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let arn = shape::own(context, &input.execution_arn)?;
    shape::check_failure(input.error.as_deref(), input.cause.as_deref())?;
    let said = (input.error, input.cause);
    let stop_date = context.services.executions.stop(&context.principal, arn, said).await?;
    Ok(Output { stop_date })
}
