//! Executions as they were at any event, and under another definition.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Answered, TRAINYARD};
use crate::client::Client;

/// An execution after one of its events.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Picture {
    /// The execution.
    pub execution_arn: String,
    /// How it stands now.
    pub status: String,
    /// Whether it was over then.
    pub over: bool,
    /// The event's number.
    pub event_id: u64,
    /// When it happened, in seconds since 1970.
    pub time: f64,
    /// The event, as AWS shows it.
    pub event: Value,
    /// Where it stood.
    pub standings: Vec<Standing>,
}

/// One thread of control.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Standing {
    /// The states around it.
    pub path: Vec<String>,
    /// The state that it is in, or enters next.
    pub state: Option<String>,
    /// What it does there.
    pub doing: Doing,
    /// When it entered the state, in seconds since 1970.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entered_time: Option<f64>,
    /// How many attempts came before.
    pub retry_count: u32,
    /// The input, as JSON text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// The variables, as JSON text.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
}

/// What a thread of control does.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(tag = "Kind", rename_all_fields = "PascalCase")]
pub(crate) enum Doing {
    /// It is about to enter a state.
    Enters,
    /// It has left its last state.
    Ends,
    /// It is about to do what the state is there for.
    Begins,
    /// It waits until then.
    Waits {
        /// In seconds since 1970.
        until_time: f64,
    },
    /// A task is under way.
    Calls {
        /// Which.
        resource: String,
        /// Whether the call was answered.
        begun: bool,
    },
    /// It tries again then.
    Retries {
        /// In seconds since 1970.
        until_time: f64,
    },
    /// Branches or iterations are under way.
    Forks {
        /// How many there are.
        total: u32,
        /// How many have ended well.
        ended: usize,
    },
    /// A map run is under way.
    MapsOver {
        /// Which.
        map_run_arn: String,
    },
    /// What it did has ended.
    Ended,
}

impl Standing {
    /// `Each[3] / Train`.
    pub(crate) fn place(&self) -> String {
        let state = self.state.clone().unwrap_or_else(|| "(end)".to_owned());
        self.path.iter().cloned().chain([state]).collect::<Vec<_>>().join(" / ")
    }

    /// Whether others stand inside it: what it does is what they do.
    pub(crate) fn has_others_inside(&self) -> bool {
        matches!(&self.doing, Doing::Forks { total, ended } if *ended < *total as usize)
    }
}

/// What came of a replay.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Replayed {
    /// The execution.
    pub execution_arn: String,
    /// How many events are decided as they were recorded.
    pub same_events: u64,
    /// How many of them were taken from the record in part.
    pub drawn_events: u64,
    /// The first difference.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub difference: Option<Difference>,
}

/// Two events, one of which may be none.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Difference {
    /// What was recorded.
    pub recorded: Option<Value>,
    /// What is decided now.
    pub decided: Option<Value>,
}

/// The execution after that event; after the last one, if none is given.
pub(crate) async fn picture(client: &Client, arn: &str, event: Option<u64>) -> Answered<Picture> {
    let mut input = json!({"ExecutionArn": arn});
    if let Some(event) = event {
        input["EventId"] = event.into();
    }
    TRAINYARD.ask(client, "ShowExecution", input).await
}

/// The execution's record decided once more under that definition.
pub(crate) async fn replay(client: &Client, arn: &str, definition: &str) -> Answered<Replayed> {
    let input = json!({"ExecutionArn": arn, "Definition": definition});
    TRAINYARD.ask(client, "ReplayExecution", input).await
}
