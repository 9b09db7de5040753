//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html>

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trainyard_domain::Timestamp;
use trainyard_services::executions::StartSpec;

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    state_machine_arn: String,
    name: Option<String>,
    input: Option<String>,
    trace_header: Option<String>,
    included_data: Option<shape::Included>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    execution_arn: String,
    state_machine_arn: String,
    name: String,
    start_date: Timestamp,
    stop_date: Timestamp,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    input_details: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    output_details: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_header: Option<String>,
    billing_details: Value,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let data = input.included_data.unwrap_or_default();
    shape::check_trace(input.trace_header.as_deref())?;
    let machine = shape::own(context, &input.state_machine_arn)?.to_owned();
    let spec =
        StartSpec { machine, name: input.name, input: input.input, trace: input.trace_header, parent: None };
    let (execution, billed) = context.services.executions.start_sync(&context.principal, spec).await?;
    let (included, end) = (json!({"included": data == shape::Included::AllData}), execution.end.clone());
    let end_data = data.data(end.as_ref());
    Ok(Output {
        execution_arn: execution.arn().to_string(),
        state_machine_arn: execution.machine_arn().to_string(),
        name: execution.name,
        start_date: execution.started,
        stop_date: end.as_ref().map_or(execution.started, |end| end.at),
        status: execution.status.as_str(),
        error: end_data.and_then(|end| end.error.clone()),
        cause: end_data.and_then(|end| end.cause.clone()),
        input: data.data(Some(execution.input)),
        input_details: included.clone(),
        output: end_data.and_then(|end| end.output.clone()),
        output_details: included,
        trace_header: execution.trace,
        billing_details: json!({
            "billedDurationInMilliseconds": billed.milliseconds,
            "billedMemoryUsedInMB": billed.megabytes,
        }),
    })
}
