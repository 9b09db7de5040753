//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_services::executions::{Execution, Status};

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    state_machine_arn: String,
    status_filter: Option<Status>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    executions: Vec<Item>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    execution_arn: String,
    state_machine_arn: String,
    name: String,
    status: &'static str,
    start_date: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_date: Option<Timestamp>,
    redrive_count: u32,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let arn = shape::own(context, &input.state_machine_arn)?;
    let limit = shape::page(input.max_results)?;
    let executions = &context.services.executions;
    let (page, next_token) = executions.list(arn, input.status_filter, limit, input.next_token).await?;
    Ok(Output { executions: page.into_iter().map(Item::from).collect(), next_token })
}

impl From<Execution> for Item {
    fn from(execution: Execution) -> Self {
        Self {
            execution_arn: execution.arn().to_string(),
            state_machine_arn: execution.machine_arn().to_string(),
            name: execution.name,
            status: execution.status.as_str(),
            start_date: execution.started,
            stop_date: execution.end.map(|end| end.at),
            redrive_count: 0,
        }
    }
}
