//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeStateMachineForExecution.html>

use serde::Deserialize;
use serde_json::{Value, json};

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    execution_arn: String,
    included_data: Option<shape::Included>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let included = input.included_data.unwrap_or_default();
    let arn = shape::own(context, &input.execution_arn)?;
    let executions = &context.services.executions;
    let execution = executions.describe(arn).await?;
    let described = executions.describe_machine_of(arn).await?;
    let mut shown = shape::machine(context, &described, included).await?;
    if let Some(members) = shown.as_object_mut() {
        for absent in ["status", "type", "creationDate"] {
            members.shift_remove(absent);
        }
        members.insert("updateDate".to_owned(), json!(described.revision.created));
        if let (Some(child), Some((_, label))) = (&execution.child, execution.machine.split_once('/')) {
            members.insert("mapRunArn".to_owned(), json!(child.map_run));
            members.insert("label".to_owned(), json!(label));
        }
    }
    Ok(shown)
}
