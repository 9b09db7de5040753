//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_StartReplay.html>

use serde::Deserialize;
use serde_json::{Value, json};
use trainyard_domain::Timestamp;
use trainyard_services::bus::ReplaySpec;

use super::replay;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    replay_name: String,
    description: Option<String>,
    event_source_arn: String,
    event_start_time: Timestamp,
    event_end_time: Timestamp,
    destination: Destination,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Destination {
    arn: String,
    #[serde(default)]
    filter_arns: Vec<String>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let spec = ReplaySpec {
        name: input.replay_name,
        description: input.description,
        archive: input.event_source_arn,
        destination: input.destination.arn,
        rules: input.destination.filter_arns,
        from: input.event_start_time,
        until: input.event_end_time,
    };
    let started = context.services.bus.start_replay(&context.scope, &context.principal, spec).await?;
    let mut answer = replay::changed(&started);
    answer["ReplayStartTime"] = json!(started.started);
    Ok(answer)
}
