//! <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_ListScheduleGroups.html>

use serde::{Deserialize, Serialize};

use super::shape::{GroupShape, page};
use crate::{ApiError, Context, input};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    name_prefix: Option<String>,
    next_token: Option<String>,
    #[serde(default, deserialize_with = "input::number")]
    max_results: Option<usize>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    schedule_groups: Vec<GroupShape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let (limit, prefix) = (page(input.max_results)?, input.name_prefix.unwrap_or_default());
    let schedules = &context.services.schedules;
    let (groups, next_token) =
        schedules.list_groups(&context.scope, &prefix, limit, input.next_token).await?;
    Ok(Output { schedule_groups: groups.into_iter().map(GroupShape::from).collect(), next_token })
}
