//! <https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_DescribeLogStreams.html>
//!
//! By `LastEventTime` streams are ordered by when their first event came, which for jobs and builds is the same.

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_services::logs::{LogStream, Order, StreamsQuery};

use super::naming;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct Input {
    log_group_name: Option<String>,
    log_group_identifier: Option<String>,
    log_stream_name_prefix: Option<String>,
    order_by: Option<OrderBy>,
    descending: Option<bool>,
    limit: Option<usize>,
    next_token: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
enum OrderBy {
    LogStreamName,
    LastEventTime,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Output {
    log_streams: Vec<Shape>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_token: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Shape {
    log_stream_name: String,
    creation_time: Timestamp,
    #[serde(flatten)]
    times: Option<Times>,
    arn: String,
    stored_bytes: u64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Times {
    first_event_timestamp: Timestamp,
    last_event_timestamp: Timestamp,
    last_ingestion_time: Timestamp,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let order = match input.order_by {
        Some(OrderBy::LastEventTime) if input.log_stream_name_prefix.is_some() => {
            return Err(ApiError::invalid(
                "InvalidParameterException",
                "Cannot order by LastEventTime with a logStreamNamePrefix.",
            ));
        }
        Some(OrderBy::LastEventTime) => Order::Time,
        Some(OrderBy::LogStreamName) | None => Order::Name,
    };
    let query = StreamsQuery {
        group: naming::group(input.log_group_name, input.log_group_identifier)?,
        prefix: input.log_stream_name_prefix.unwrap_or_default(),
        order,
        descending: input.descending.unwrap_or(false),
        limit: naming::page(input.limit)?,
        after: input.next_token,
    };
    let page = context.services.logs.streams(&context.scope, query).await?;
    let mut log_streams = Vec::with_capacity(page.items.len());
    for held in page.items {
        log_streams.push(shape(context, held.value).await?);
    }
    Ok(Output { log_streams, next_token: page.next })
}

async fn shape(context: &Context, stream: LogStream) -> Result<Shape, ApiError> {
    let ends = context.services.logs.ends(&stream.stream()).await?;
    Ok(Shape {
        arn: stream.arn().to_string(),
        log_stream_name: stream.name,
        creation_time: stream.created,
        times: ends.map(|(first, last)| Times {
            first_event_timestamp: first.time,
            last_event_timestamp: last.time,
            last_ingestion_time: last.ingested,
        }),
        stored_bytes: 0,
    })
}
