//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_ListReplays.html>

use serde::Deserialize;
use serde_json::Value;
use trainyard_services::bus::ReplayFilter;

use super::{
    replay,
    shape::{listed, page},
};
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    name_prefix: Option<String>,
    event_source_arn: Option<String>,
    state: Option<String>,
    limit: Option<usize>,
    next_token: Option<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let limit = page(input.limit)?;
    let filter =
        ReplayFilter { prefix: input.name_prefix, archive: input.event_source_arn, state: input.state };
    let bus = &context.services.bus;
    let (found, next) = bus.list_replays(&context.scope, &filter, limit, input.next_token).await?;
    Ok(listed("Replays", found.iter().map(replay::listed), next))
}
