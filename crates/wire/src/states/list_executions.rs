//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_ListExecutions.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Timestamp};
use trainyard_services::executions::{ChildFilter, Execution, ListedChild, PENDING_REDRIVE, Status};

use super::shape;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    state_machine_arn: Option<String>,
    map_run_arn: Option<String>,
    status_filter: Option<Filter>,
    redrive_filter: Option<RedriveFilter>,
    max_results: Option<usize>,
    next_token: Option<String>,
}

/// In the order in which AWS names them.
#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Filter {
    Succeeded,
    TimedOut,
    PendingRedrive,
    Aborted,
    Failed,
    Running,
}

#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum RedriveFilter {
    Redriven,
    NotRedriven,
}

impl Filter {
    /// None of what waits to be redriven.
    fn status(&self) -> Option<Status> {
        match self {
            Self::Succeeded => Some(Status::Succeeded),
            Self::TimedOut => Some(Status::TimedOut),
            Self::PendingRedrive => None,
            Self::Aborted => Some(Status::Aborted),
            Self::Failed => Some(Status::Failed),
            Self::Running => Some(Status::Running),
        }
    }
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
    #[serde(skip_serializing_if = "Option::is_none")]
    state_machine_version_arn: Option<Arn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    state_machine_alias_arn: Option<Arn>,
    #[serde(skip_serializing_if = "Option::is_none")]
    map_run_arn: Option<Arn>,
    /// How many items a child of a map run has.
    #[serde(skip_serializing_if = "Option::is_none")]
    item_count: Option<u32>,
    name: String,
    status: &'static str,
    start_date: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_date: Option<Timestamp>,
    redrive_count: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    redrive_date: Option<Timestamp>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let limit = shape::page(input.max_results)?;
    let token = shape::token(input.next_token.clone())?;
    let executions = &context.services.executions;
    let (items, next_token): (Vec<Item>, _) = match (&input.state_machine_arn, &input.map_run_arn) {
        (Some(machine), None) => {
            let status = of_machine(&input)?;
            let (page, next) = executions.list(shape::own(context, machine)?, status, limit, token).await?;
            (page.into_iter().map(Item::from).collect(), next)
        }
        (None, Some(run)) => {
            let redriven = input.redrive_filter.map(|filter| matches!(filter, RedriveFilter::Redriven));
            let pending = matches!(input.status_filter, Some(Filter::PendingRedrive));
            let status = input.status_filter.as_ref().and_then(Filter::status);
            let which = ChildFilter { status, redriven, pending };
            let (page, next) =
                executions.list_children(shape::own(context, run)?, which, limit, token).await?;
            (page.into_iter().map(Item::from).collect(), next)
        }
        (Some(_), Some(_)) | (None, None) => {
            return Err(invalid("Must provide a stateMachineArn or a mapRunArn"));
        }
    };
    Ok(Output { executions: items, next_token })
}

/// Of the executions of a state machine, none waits to be redriven, and AWS does not look whether they were.
fn of_machine(input: &Input) -> Result<Option<Status>, ApiError> {
    if input.redrive_filter.is_some() {
        return Err(invalid("A redriveFilter can be used with a mapRunArn only"));
    }
    match &input.status_filter {
        Some(Filter::PendingRedrive) => {
            Err(invalid("The statusFilter PENDING_REDRIVE can be used with a mapRunArn only"))
        }
        filter => Ok(filter.as_ref().and_then(Filter::status)),
    }
}

fn invalid(message: &str) -> ApiError {
    ApiError::invalid("ValidationException", message)
}

impl From<ListedChild> for Item {
    fn from(ListedChild { execution, waits }: ListedChild) -> Self {
        let item = Self::from(execution);
        if waits { Self { status: PENDING_REDRIVE, ..item } } else { item }
    }
}

impl From<Execution> for Item {
    fn from(execution: Execution) -> Self {
        let redrive_date = shape::redrive_date(&execution);
        Self {
            execution_arn: execution.arn().to_string(),
            state_machine_arn: execution.machine_arn().to_string(),
            state_machine_version_arn: execution.version_arn(),
            state_machine_alias_arn: execution.alias_arn(),
            map_run_arn: execution.child.as_ref().map(|child| child.map_run.clone()),
            item_count: execution.child.as_ref().map(|child| child.items),
            name: execution.name,
            status: execution.status.as_str(),
            start_date: execution.started,
            stop_date: execution.end.map(|end| end.at),
            redrive_count: execution.redrives.count,
            redrive_date,
        }
    }
}
