//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskFailure.html>

use serde::Deserialize;
use trainyard_services::executions::Answer;

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    task_token: String,
    error: Option<String>,
    cause: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    shape::check_failure(input.error.as_deref(), input.cause.as_deref())?;
    let answer = Answer::Failure { error: input.error, cause: input.cause };
    Ok(context.services.executions.answer(&context.principal, &input.task_token, answer).await?)
}
