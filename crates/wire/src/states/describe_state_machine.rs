//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachine.html>

use serde::Deserialize;
use serde_json::Value;

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    state_machine_arn: String,
    included_data: Option<shape::Included>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let included = input.included_data.unwrap_or_default();
    let arn = shape::own(context, &input.state_machine_arn)?;
    let described = context.services.executions.describe_machine(arn).await?;
    shape::machine(context, &described, included).await
}
