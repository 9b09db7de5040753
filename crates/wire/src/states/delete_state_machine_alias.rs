//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DeleteStateMachineAlias.html>

use serde::Deserialize;

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    state_machine_alias_arn: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let arn = shape::own(context, &input.state_machine_alias_arn)?;
    Ok(context.services.executions.delete_alias(&context.principal, arn).await?)
}
