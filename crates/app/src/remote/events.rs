//! The last events of a bus, and those that come.

use std::{collections::VecDeque, fmt};

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

/// Where an event of a tail stands: whoever was cut off goes on behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Id {
    /// When it was told, in milliseconds since 1970.
    pub millis: i64,
    /// Its number in the server.
    number: u64,
}

impl Id {
    fn read(text: &str) -> Option<Self> {
        let (millis, number) = text.split_once('-')?;
        Some(Self { millis: millis.parse().ok()?, number: number.parse().ok()? })
    }

    #[cfg(test)]
    pub(crate) fn at(millis: i64) -> Self {
        Self { millis, number: 0 }
    }

    /// When it was told, in seconds since 1970.
    pub(crate) fn seconds(self) -> f64 {
        self.millis as f64 / 1000.0
    }
}

impl fmt::Display for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.millis, self.number)
    }
}

/// Something that comes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Come {
    /// Where the tail begins.
    Begun(Id),
    /// An event.
    Event(Id, Value),
    /// So many were missed.
    Missed(String),
}

/// Looks on; behind the event that came last, if one did before the server went away.
pub(crate) async fn tail(client: &Client, wanted: &Wanted, last: Option<Id>) -> Answered<Tail> {
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    if let Some(last) = last.and_then(|last| HeaderValue::from_str(&last.to_string()).ok()) {
        headers.insert("last-event-id", last);
    }
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
    match (line("id: "), line("data: ")) {
        (Some(id), Some(data)) => Some(Come::Event(Id::read(id)?, serde_json::from_str(data).ok()?)),
        (Some(id), None) => Some(Come::Begun(Id::read(id)?)),
        (None, Some(data)) if line("event: ") == Some("missed") => Some(Come::Missed(data.to_owned())),
        (None, _) => None,
    }
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
        let id = Id { millis: 1500, number: 7 };
        assert_eq!(come, [Come::Event(id, json!({"a": 1})), Come::Missed("3".to_owned())]);
        assert_eq!((id.to_string().as_str(), id.seconds()), ("1500-7", 1.5));
        assert_eq!(text, b"id:");
        assert_eq!(read("id: 1500-0"), Some(Come::Begun(Id { millis: 1500, number: 0 })));
        assert_eq!(read(":"), None);
    }
}
