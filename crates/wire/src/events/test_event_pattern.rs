//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TestEventPattern.html>

use serde::{Deserialize, Serialize};
use trainyard_services::bus::try_pattern;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    event_pattern: String,
    event: String,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    result: bool,
}

pub(super) async fn run(_: &Context, input: Input) -> Result<Output, ApiError> {
    Ok(Output { result: try_pattern(&input.event_pattern, &input.event)? })
}
