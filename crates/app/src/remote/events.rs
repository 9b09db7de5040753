//! The last events of a bus, and those that come.

use std::collections::VecDeque;

use bytes::{Buf, Bytes};
use http::{HeaderMap, HeaderValue, Method, header};
use http_body_util::BodyExt;
use hyper::body::Incoming;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answered, TRAINYARD};
use crate::client::{Client, ClientError};

/// Which events.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    /// The bus; the default one, if none is named.
    pub bus: Option<String>,
    /// Those only that match.
    pub pattern: Option<String>,
    /// Those only that were told since then, in seconds since 1970.
    pub since: Option<f64>,
}

impl Wanted {
    fn input(&self) -> Value {
        let mut input = json!({});
        if let Some(bus) = &self.bus {
            input["EventBusName"] = bus.as_str().into();
        }
        if let Some(pattern) = &self.pattern {
            input["EventPattern"] = pattern.as_str().into();
        }
        if let Some(since) = self.since {
            input["SinceTime"] = since.into();
        }
        input
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Page {
    events: Vec<Recent>,
    next_token: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Recent {
    event: Value,
}

/// The last `count` events of a bus, the latest first.
pub(crate) async fn recent(client: &Client, bus: Option<&str>, count: usize) -> Answered<Vec<Value>> {
    let mut input = Wanted { bus: bus.map(str::to_owned), ..Wanted::default() }.input();
    let mut found = Vec::new();
    loop {
        input["MaxResults"] = (count - found.len()).into();
        let page: Page = TRAINYARD.ask(client, "ListRecentEvents", input.clone()).await?;
        found.extend(page.events.into_iter().map(|recent| recent.event));
        found.truncate(count);
        match page.next_token {
            Some(token) if found.len() < count => input["NextToken"] = token.into(),
            _ => return Ok(found),
        }
    }
}

/// What was told again.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Again {
    /// What the replay is called.
    pub replay_name: String,
    /// How many events there were.
    pub event_count: usize,
}

/// Has them told again: these, if some are named by their ids.
pub(crate) async fn replay(
    client: &Client,
    wanted: &Wanted,
    (ids, name): (&[String], Option<&str>),
) -> Answered<Again> {
    let mut input = wanted.input();
    input["EventIds"] = ids.into();
    if let Some(name) = name {
        input["ReplayName"] = name.into();
    }
    TRAINYARD.ask(client, "ReplayEvents", input).await
}

/// Events as they come.
pub(crate) struct Tail {
    client: Client,
    body: Incoming,
    text: Vec<u8>,
    come: VecDeque<Come>,
}

/// Something that comes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Come {
    /// An event: when it was told, in seconds since 1970; the event.
    Event(f64, Value),
    /// So many were missed.
    Missed(String),
}

/// Looks on.
pub(crate) async fn tail(client: &Client, wanted: &Wanted) -> Answered<Tail> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let body = Bytes::from(wanted.input().to_string());
    let response = client.opened("trainyard", (Method::POST, "/events/tail"), headers, body).await?;
    let client = client.clone();
    Ok(Tail { client, body: response.into_body(), text: Vec::new(), come: VecDeque::new() })
}

impl Tail {
    /// Waits for what comes next.
    pub(crate) async fn next(&mut self) -> Answered<Come> {
        loop {
            if let Some(come) = self.come.pop_front() {
                return Ok(come);
            }
            let gone = |reason: String| ClientError::Unreachable {
                authority: self.client.authority().to_owned(),
                reason,
            };
            let frame = self.body.frame().await.ok_or_else(|| gone("it has ended".to_owned()))?;
            let frame = frame.map_err(|error| gone(error.to_string()))?;
            if let Ok(mut data) = frame.into_data() {
                self.text.extend_from_slice(&data.copy_to_bytes(data.remaining()));
                self.come.extend(blocks(&mut self.text).iter().filter_map(|block| read(block)));
            }
        }
    }
}

/// Takes the whole blocks off the text: an empty line ends each.
fn blocks(text: &mut Vec<u8>) -> Vec<String> {
    let end = text.windows(2).rposition(|two| two == b"\n\n").map_or(0, |at| at + 2);
    let whole: Vec<u8> = text.drain(..end).collect();
    String::from_utf8_lossy(&whole)
        .split("\n\n")
        .filter(|block| !block.is_empty())
        .map(str::to_owned)
        .collect()
}

fn read(block: &str) -> Option<Come> {
    let line = |name: &str| block.lines().find_map(|line| line.strip_prefix(name));
    let data = line("data: ")?;
    if line("event: ") == Some("missed") {
        return Some(Come::Missed(data.to_owned()));
    }
    let (millis, _) = line("id: ")?.split_once('-')?;
    let millis: f64 = millis.parse().ok()?;
    Some(Come::Event(millis / 1000.0, serde_json::from_str(data).ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_come_in_pieces() {
        let mut text = b":\n\nid: 1500-7\ndata: {\"a\": ".to_vec();
        assert_eq!(blocks(&mut text), [":"]);
        text.extend_from_slice(b"1}\n\nevent: missed\ndata: 3\n\nid:");
        let come: Vec<_> = blocks(&mut text).iter().filter_map(|block| read(block)).collect();
        assert_eq!(come, [Come::Event(1.5, json!({"a": 1})), Come::Missed("3".to_owned())]);
        assert_eq!(text, b"id:");
        assert_eq!(read(":"), None);
    }
}
