//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html>

use serde::{Deserialize, Serialize};
use trainyard_domain::{Timestamp, content::Digest};
use trainyard_services::logs::{Filter, LogEvent};

use super::naming;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_names: Option<Vec<String>>,
    log_stream_name_prefix: Option<String>,
    start_time: Option<Timestamp>,
    end_time: Option<Timestamp>,
    filter_pattern: Option<String>,
    next_token: Option<String>,
    limit: Option<usize>,
    /// Deprecated by AWS, and always taken as true there.
    #[allow(dead_code, reason = "accepted and without effect, as AWS does")]
    interleaved: Option<bool>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    events: Vec<Shape>,
    /// Deprecated by AWS, and always empty there.
    searched_log_streams: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    log_stream_name: String,
    timestamp: Timestamp,
    message: String,
    ingestion_time: Timestamp,
    event_id: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    if input.log_stream_names.is_some() && input.log_stream_name_prefix.is_some() {
        return Err(ApiError::invalid(
            "InvalidParameterException",
            "logStreamNames and logStreamNamePrefix cannot both be there",
        ));
    }
    let filter = Filter {
        group: naming::group(input.log_group_name, input.log_group_identifier)?,
        streams: input.log_stream_names,
        prefix: input.log_stream_name_prefix,
        start: input.start_time,
        end: input.end_time,
        pattern: input.filter_pattern.unwrap_or_default(),
        limit: input.limit,
        token: input.next_token,
    };
    let found = context.services.logs.filter(&context.scope, &filter).await?;
    let events = found.events.into_iter().map(|(stream, event)| Shape {
        event_id: event_id(&stream, &event),
        log_stream_name: stream,
        timestamp: event.time,
        message: event.message,
        ingestion_time: event.ingested,
    });
    Ok(Output { events: events.collect(), searched_log_streams: [], next_token: found.next })
}

/// A number, as AWS's are: clients drop events whose id they have seen.
fn event_id(stream: &str, event: &LogEvent) -> String {
    let hash = Digest::of(stream.as_bytes());
    let stream = u64::from_str_radix(&hash.hex()[..15], 16).unwrap_or_default();
    format!("{:016}{stream:020}{:020}", event.time.millis().max(0), event.at)
}
