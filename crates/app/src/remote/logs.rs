//! Logs: what there is, and what comes.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::json;

use super::{Answered, LOGS};
use crate::client::Client;

/// Where a log is: a group, and what its streams' names begin with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    /// The group.
    pub group: String,
    /// What the streams' names begin with.
    pub prefix: String,
}

/// Reads a log from its beginning, and with every call what has come since.
#[derive(Debug)]
pub(crate) struct Tail {
    place: Place,
    /// How far each stream is read.
    streams: BTreeMap<String, Option<String>>,
}

impl Tail {
    /// From the beginning.
    pub(crate) fn of(place: Place) -> Self {
        Self { place, streams: BTreeMap::new() }
    }

    /// The lines that have come since the last call, in the order of their times. A log that is not there yet has
    /// none.
    pub(crate) async fn read(&mut self, client: &Client) -> Answered<Vec<String>> {
        Ok(self.read_timed(client).await?.into_iter().map(|(_, line)| line).collect())
    }

    /// The same, each with its time in seconds since 1970.
    pub(crate) async fn read_timed(&mut self, client: &Client) -> Answered<Vec<(f64, String)>> {
        self.find_streams(client).await?;
        let mut lines = Vec::new();
        for (stream, token) in &mut self.streams {
            read_stream(client, (&self.place.group, stream), token, &mut lines).await?;
        }
        lines.sort_by(|a, b| a.0.total_cmp(&b.0));
        Ok(lines)
    }

    async fn find_streams(&mut self, client: &Client) -> Answered<()> {
        #[derive(Deserialize)]
        #[serde(rename_all = "camelCase")]
        struct Stream {
            log_stream_name: String,
        }
        let mut input = json!({"logGroupName": self.place.group});
        if !self.place.prefix.is_empty() {
            input["logStreamNamePrefix"] = self.place.prefix.as_str().into();
        }
        let answer: Answered<Vec<Stream>> = LOGS.all(client, "DescribeLogStreams", input, "logStreams").await;
        let found = super::there(answer, &["ResourceNotFoundException"])?.unwrap_or_default();
        for stream in found {
            self.streams.entry(stream.log_stream_name).or_default();
        }
        Ok(())
    }
}

async fn read_stream(
    client: &Client,
    (group, stream): (&str, &str),
    token: &mut Option<String>,
    lines: &mut Vec<(f64, String)>,
) -> Answered<()> {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Page {
        events: Vec<Event>,
        next_forward_token: Option<String>,
    }
    #[derive(Deserialize)]
    struct Event {
        timestamp: f64,
        message: String,
    }
    loop {
        let mut input = json!({"logGroupName": group, "logStreamName": stream, "startFromHead": true});
        if let Some(token) = token {
            input["nextToken"] = token.as_str().into();
        }
        let answer: Answered<Page> = LOGS.ask(client, "GetLogEvents", input).await;
        let Some(page) = super::there(answer, &["ResourceNotFoundException"])? else { return Ok(()) };
        let more = !page.events.is_empty();
        lines.extend(page.events.into_iter().map(|event| (event.timestamp / 1000.0, event.message)));
        // The token comes back unchanged at the end.
        let moved = page.next_forward_token.is_some() && page.next_forward_token != *token;
        if moved {
            *token = page.next_forward_token;
        }
        if !(more && moved) {
            return Ok(());
        }
    }
}

/// The last lines of a log; none if it cannot be read.
pub(crate) async fn last_lines(client: &Client, place: Place, count: usize) -> Vec<String> {
    let mut lines = Tail::of(place).read(client).await.unwrap_or_default();
    lines.split_off(lines.len().saturating_sub(count))
}
