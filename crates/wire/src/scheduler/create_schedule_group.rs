//! <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateScheduleGroup.html>

use serde::{Deserialize, Serialize};
use trainyard_services::schedules::Tag;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    name: String,
    #[serde(default)]
    tags: Vec<Tag>,
    client_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(super) struct Output {
    schedule_group_arn: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let (scope, by) = (&context.scope, &context.principal);
    let with = (input.tags, input.client_token);
    let made = context.services.schedules.create_group(scope, by, &input.name, with).await?;
    Ok(Output { schedule_group_arn: made.to_string() })
}
