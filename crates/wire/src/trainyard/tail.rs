//! `POST /events/tail`: the events of a bus as they come, as Server-Sent Events, each whole in one line of data.
//! <https://html.spec.whatwg.org/multipage/server-sent-events.html>
//!
//! Whoever was cut off asks again with the last id that came, in `Last-Event-ID`, and hears of everything since; the
//! events of the seconds before come once more, and are known by their own ids.

use std::time::Duration;

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{Stream, StreamExt, stream};
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

/// Events are matched side by side: one that was told so long before another may come after it.
pub const OVERLAP: Duration = Duration::from_secs(5);

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
            Ok((begun, tail)) => {
                let headers =
                    [(header::CONTENT_TYPE, "text/event-stream"), (header::CACHE_CONTROL, "no-store")];
                (headers, Body::from_stream(lines(begun, tail))).into_response()
            }
            Err(refused) => refuse(&context, &refused),
        }
    })
}

fn refuse(context: &Context, refused: &ApiError) -> Response {
    protocol::refuse(Dialect::Json("1.1"), refused, &context.request_id).into_response()
}

async fn open(context: &Context, parts: &Parts, body: &[u8]) -> Result<(Timestamp, Tail), ApiError> {
    if parts.method != Method::POST || parts.uri.path() != "/events/tail" {
        let message = "there is no such operation: POST /events/tail";
        return Err(ApiError::invalid("UnknownOperationException", message));
    }
    let invalid = |why: String| ApiError::invalid("ValidationException", why);
    let input: Input =
        serde_json::from_slice(body).map_err(|error| invalid(format!("the request's body: {error}")))?;
    // The cast saturates.
    let since = input.since_time.map(|seconds| Timestamp((seconds * 1000.0) as i64));
    let cut = parts.headers.get("last-event-id").map(|value| {
        let known = value.to_str().ok().and_then(behind);
        known.ok_or_else(|| invalid("the header Last-Event-ID is no id that was sent here".to_owned()))
    });
    let spec = TailSpec {
        bus: input.event_bus_name,
        pattern: input.event_pattern,
        since: since.max(cut.transpose()?),
    };
    let begun = context.services.ground.now();
    Ok((spec.since.unwrap_or(begun), context.services.bus.tail(&context.scope, &spec).await?))
}

/// Since when somebody looks on who was cut off behind the event of that id.
fn behind(id: &str) -> Option<Timestamp> {
    let (millis, number) = id.split_once('-')?;
    let (millis, _) = (millis.parse::<i64>().ok()?, number.parse::<u64>().ok()?);
    Some(Timestamp(millis.saturating_sub(OVERLAP.as_millis() as i64)))
}

/// First an id, so that it is known where the tail begins, also where nothing comes; then what comes, until the server
/// ends or an event cannot be read.
fn lines(begun: Timestamp, tail: Tail) -> impl Stream<Item = Result<Bytes, std::io::Error>> {
    let first = Ok(Bytes::from(format!("id: {}-0\n\n", begun.millis())));
    let rest = stream::unfold(tail, |mut tail| async move {
        let text = match tokio::time::timeout(QUIET, tail.next()).await {
            Err(_) => ":\n\n".to_owned(),
            Ok(Ok(Next::Event(recent))) => told(&recent),
            Ok(Ok(Next::Missed(missed))) => format!("event: missed\ndata: {missed}\n\n"),
            Ok(Ok(Next::Over)) => return None,
            Ok(Err(error)) => return Some((Err(std::io::Error::other(error.to_string())), tail)),
        };
        Some((Ok(Bytes::from(text)), tail))
    });
    stream::iter([first]).chain(rest)
}

/// The id says when it was told: whoever was cut off goes on from there ([`behind`]).
fn told(recent: &Recent) -> String {
    format!("id: {}-{}\ndata: {}\n\n", recent.at.millis(), recent.number, recent.event.envelope())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_say_where_to_go_on() {
        let check = |id: &str, expect: Option<i64>| assert_eq!(behind(id), expect.map(Timestamp), "{id}");
        check("1700000005000-1700000005000003", Some(1_700_000_000_000));
        check("1700000005000-0", Some(1_700_000_000_000));
        check("-9223372036854775808-1", None);
        for none in ["", "-", "1", "1-", "-1", "a-1", "1-a", "1-1-1"] {
            check(none, None);
        }
    }
}
