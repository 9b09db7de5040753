//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_services::{
    executions::{Parent, StartSpec},
    ground::uuid_from,
};

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    state_machine_arn: String,
    name: Option<String>,
    input: Option<String>,
    trace_header: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    execution_arn: String,
    start_date: Timestamp,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    shape::check_trace(input.trace_header.as_deref())?;
    let machine = shape::own(context, &input.state_machine_arn)?.to_owned();
    // A task's call that is made again after a crash starts nothing new.
    let name = input.name.or_else(|| context.token.as_deref().map(|token| uuid_from(&["execution", token])));
    let parent = context.token.clone().map(|token| Parent { token, waits: false });
    let spec = StartSpec { machine, name, input: input.input, trace: input.trace_header, parent };
    let execution = context.services.executions.start(&context.principal, spec).await?;
    Ok(Output { execution_arn: execution.arn().to_string(), start_date: execution.started })
}
