//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_GetActivityTask.html>

use serde::{Deserialize, Serialize};

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    activity_arn: String,
    worker_name: Option<String>,
}

/// Without a task the token is null, as AWS has it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    task_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let arn = shape::own(context, &input.activity_arn)?;
    shape::check_length("workerName", input.worker_name.as_deref(), (1, 80))?;
    let (executions, by) = (&context.services.executions, &context.principal);
    let Some(handed) = executions.next_activity_task(by, arn, input.worker_name).await? else {
        return Ok(Output { task_token: None, input: None });
    };
    let output =
        Output { task_token: Some(handed.token().to_owned()), input: Some(handed.input().to_owned()) };
    context.handover.put(handed);
    Ok(output)
}
