//! <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_ListBuilds.html>

use serde::{Deserialize, Serialize};

use super::SortOrder;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    #[serde(default)]
    sort_order: SortOrder,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let ascending = input.sort_order == SortOrder::Ascending;
    let listed = context.services.builds.list(&context.scope, None, ascending, input.next_token).await;
    let (ids, next_token) = listed?;
    Ok(Output { ids, next_token })
}
