//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogGroups.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_services::logs::LogGroup;

use super::naming;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    log_group_name_prefix: Option<String>,
    limit: Option<usize>,
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    log_groups: Vec<Shape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    log_group_name: String,
    creation_time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    retention_in_days: Option<u16>,
    metric_filter_count: u32,
    arn: String,
    stored_bytes: u64,
    log_group_class: &'static str,
    log_group_arn: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let (logs, limit) = (&context.services.logs, naming::page(input.limit)?);
    let prefix = input.log_group_name_prefix.unwrap_or_default();
    let page = logs.groups(&context.scope, &prefix, limit, input.next_token).await?;
    Ok(Output {
        log_groups: page.items.into_iter().map(|held| held.value.into()).collect(),
        next_token: page.next,
    })
}

impl From<LogGroup> for Shape {
    fn from(group: LogGroup) -> Self {
        let arn = group.arn();
        Self {
            log_group_name: group.name,
            creation_time: group.created,
            retention_in_days: group.retention_days,
            metric_filter_count: 0,
            arn: format!("{arn}:*"),
            // AWS too counts them late.
            stored_bytes: 0,
            log_group_class: "STANDARD",
            log_group_arn: arn.to_string(),
        }
    }
}
