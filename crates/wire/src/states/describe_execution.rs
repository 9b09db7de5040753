//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html>

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trainyard_domain::{Arn, Timestamp};

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    execution_arn: String,
    included_data: Option<shape::Included>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    execution_arn: String,
    state_machine_arn: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_machine_version_arn: Option<Arn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_machine_alias_arn: Option<Arn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    map_run_arn: Option<Arn>,
    name: String,
    status: &'static str,
    start_date: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input: Option<String>,
    input_details: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    output: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_details: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_header: Option<String>,
    redrive_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    redrive_date: Option<Timestamp>,
    redrive_status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    redrive_status_reason: Option<&'static str>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let data = input.included_data.unwrap_or_default();
    let arn = shape::own(context, &input.execution_arn)?;
    let executions = &context.services.executions;
    let execution = executions.describe(arn).await?;
    let redrivable = executions.redrivable(&execution).await?;
    let status = executions.shown_status(&execution).await?;
    let included = json!({"included": data == shape::Included::AllData});
    let end = execution.end.clone();
    let output = end.as_ref().and_then(|end| end.output.clone());
    let end_data = data.data(end.as_ref());
    Ok(Output {
        execution_arn: execution.arn().to_string(),
        state_machine_arn: execution.machine_arn().to_string(),
        state_machine_version_arn: execution.version_arn(),
        state_machine_alias_arn: execution.alias_arn(),
        redrive_date: shape::redrive_date(&execution),
        map_run_arn: execution.child.map(|child| child.map_run),
        name: execution.name,
        status,
        start_date: execution.started,
        stop_date: end.as_ref().map(|end| end.at),
        input: data.data(Some(execution.input)),
        input_details: included.clone(),
        output_details: output.is_some().then_some(included),
        output: data.data(output),
        error: end_data.and_then(|end| end.error.clone()),
        cause: end_data.and_then(|end| end.cause.clone()),
        trace_header: execution.trace,
        redrive_count: execution.redrives.count,
        redrive_status: redrivable.as_str(),
        redrive_status_reason: redrivable.reason(),
    })
}
