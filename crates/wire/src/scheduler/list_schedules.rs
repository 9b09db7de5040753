//! <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_ListSchedules.html>

use serde::{Deserialize, Serialize};
use trainyard_services::schedules::{Asked, State};

use super::shape::{Summary, page};
use crate::{ApiError, Context, input};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    group_name: Option<String>,
    name_prefix: Option<String>,
    state: Option<State>,
    next_token: Option<String>,
    #[serde(default, deserialize_with = "input::number")]
    max_results: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    schedules: Vec<Summary>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let limit = page(input.max_results)?;
    let asked = Asked { group: input.group_name, prefix: input.name_prefix, state: input.state };
    let schedules = &context.services.schedules;
    let (found, next_token) = schedules.list(&context.scope, &asked, limit, input.next_token).await?;
    Ok(Output { schedules: found.into_iter().map(Summary::from).collect(), next_token })
}
