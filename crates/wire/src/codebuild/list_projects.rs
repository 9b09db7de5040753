//! <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ListProjects.html>

use serde::{Deserialize, Serialize};

use super::SortOrder;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    sort_by: Option<String>,
    sort_order: Option<SortOrder>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    projects: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    if let Some(by) = input.sort_by.filter(|by| by != "NAME") {
        let message = format!("projects are sorted by NAME, `sortBy` {by} is not supported here");
        return Err(ApiError::invalid("InvalidInputException", message));
    }
    let ascending = input.sort_order.is_none_or(|order| order == SortOrder::Ascending);
    let builds = &context.services.builds;
    let (projects, next_token) = builds.projects(&context.scope, ascending, input.next_token).await?;
    Ok(Output { projects, next_token })
}
