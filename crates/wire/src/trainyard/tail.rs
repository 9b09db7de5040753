//! `POST /events/tail`: the events of a bus as they come, as Server-Sent Events, each whole in one line of data.
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>

use std::time::Duration;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{Stream, stream};
use http::{Method, header, request::Parts};
use serde::Deserialize;
use trainyard_domain::Timestamp;
use trainyard_services::bus::{Next, Recent, Tail, TailSpec};

use crate::{
    ApiError, Context, Protocol, Service,
    face::doors::Serving,
    protocol::{self, Dialect},
};

/// The service. It shares its signing name with the operations and is told from them by its paths.
pub static SERVICE: Service = Service {
    signing: "trainyard",
    sdk: "TrainyardEvents",
    protocol: Protocol::Rest { path: "/events/", body_limit: 64 * 1024, serve },
    invalid: "ValidationException",
    times: &[],
    maps: &[],
    texts: &[],
    errors: &["InvalidEventPatternException", "ResourceNotFoundException", "ValidationException"],
    operations: &[],
};

/// So long nothing need come: then a line of comment says that somebody is there yet.
const QUIET: Duration = Duration::from_secs(15);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Input {
    event_bus_name: Option<String>,
    event_pattern: Option<String>,
    /// In seconds since 1970: what was told since then comes first.
    since_time: Option<f64>,
}

fn serve(context: Context, parts: Parts, body: Bytes) -> Serving {
    Box::pin(async move {
        match open(&context, &parts, &body).await {
            Ok(tail) => {
                let headers =
                    [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
                (headers, Body::from_stream(lines(tail))).into_response()
            }
            Err(refused) => refuse(&context, &refused),
        }
    })
}

fn refuse(context: &Context, refused: &ApiError) -> Response {
    protocol::refuse(Dialect::Json("1.1"), refused, &context.request_id).into_response()
}

async fn open(context: &Context, parts: &Parts, body: &[u8]) -> Result<Tail, ApiError> {
    if parts.method != Method::POST || parts.uri.path() != "/events/tail" {
        let message = "there is no such operation: POST /events/tail";
        return Err(ApiError::invalid("UnknownOperationException", message));
    }
    let input: Input = serde_json::from_slice(body)
        .map_err(|error| ApiError::invalid("ValidationException", format!("the request's body: {error}")))?;
    let spec = TailSpec {
        bus: input.event_bus_name,
        pattern: input.event_pattern,
        // The cast saturates.
        since: input.since_time.map(|seconds| Timestamp((seconds * 1000.0) as i64)),
    };
    Ok(context.services.bus.tail(&context.scope, &spec).await?)
}

/// What comes, until the server ends or an event cannot be read.
fn lines(tail: Tail) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    stream::unfold(tail, |mut tail| async move {
        let text = match tokio::time::timeout(QUIET, tail.next()).await {
            Err(_) => ":\n\n".to_owned(),
            Ok(Ok(Next::Event(recent))) => told(&recent),
            Ok(Ok(Next::Missed(missed))) => format!("event: missed\ndata: {missed}\n\n"),
            Ok(Ok(Next::Over)) => return None,
            Ok(Err(error)) => return Some((Err(std::io::Error::other(error.to_string())), tail)),
        };
        Some((Ok(Bytes::from(text)), tail))
    })
}

/// The id says when it was told: whoever was cut off goes on from there.
fn told(recent: &Recent) -> String {
    format!("id: {}-{}\ndata: {}\n\n", recent.at.millis(), recent.number, recent.event.envelope())
}
