//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html>

use serde::Deserialize;
use trainyard_services::executions::Answer;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    task_token: String,
    output: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let answer = Answer::Success(input.output);
    Ok(context.services.executions.answer(&context.principal, &input.task_token, answer).await?)
}
