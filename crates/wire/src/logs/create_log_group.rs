//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_CreateLogGroup.html>

use std::collections::BTreeMap;

use serde::Deserialize;
use trainyard_services::logs::LogGroup;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    log_group_name: String,
    #[serde(default)]
    tags: BTreeMap<String, String>,
    log_group_class: Option<Class>,
}

/// The classes that there are here.
#[derive(Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Class {
    Standard,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    // All groups are of the one class.
    let _: Option<Class> = input.log_group_class;
    let now = context.services.ground.now();
    let group = LogGroup { tags: input.tags, ..LogGroup::new(&context.scope, &input.log_group_name, now) };
    Ok(context.services.logs.create_group(group).await?)
}
