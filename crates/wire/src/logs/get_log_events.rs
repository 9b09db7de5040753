//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_GetLogEvents.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_services::logs::{EventsQuery, LogEvent, StreamName};

use super::naming;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name: String,
    start_time: Option<Timestamp>,
    end_time: Option<Timestamp>,
    next_token: Option<String>,
    limit: Option<usize>,
    start_from_head: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    events: Vec<Shape>,
    next_forward_token: String,
    next_backward_token: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    timestamp: Timestamp,
    message: String,
    ingestion_time: Timestamp,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let name = StreamName {
        scope: context.scope.clone(),
        group: naming::group(input.log_group_name, input.log_group_identifier)?,
        stream: input.log_stream_name,
    };
    let query = EventsQuery {
        start: input.start_time,
        end: input.end_time,
        limit: input.limit,
        token: input.next_token,
        from_head: input.start_from_head.unwrap_or(false),
    };
    let page = context.services.logs.events(&name, &query).await?;
    Ok(Output {
        events: page.events.into_iter().map(Shape::from).collect(),
        next_forward_token: page.forward,
        next_backward_token: page.backward,
    })
}

impl From<LogEvent> for Shape {
    fn from(event: LogEvent) -> Self {
        Self { timestamp: event.time, message: event.message, ingestion_time: event.ingested }
    }
}
