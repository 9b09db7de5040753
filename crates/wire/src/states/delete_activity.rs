//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteActivity.html>

use serde::Deserialize;

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    activity_arn: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let arn = shape::own(context, &input.activity_arn)?;
    Ok(context.services.executions.delete_activity(&context.principal, arn).await?)
}
