//! Rules, and what came of their events.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Answered, TRAINYARD};
use crate::client::Client;

/// A rule, and what came of its events since it was made.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all(deserialize = "PascalCase", serialize = "snake_case"))]
pub(crate) struct Tallied {
    /// Its name.
    pub name: String,
    /// Its bus.
    #[serde(rename(serialize = "bus"))]
    pub event_bus_name: String,
    /// Its ARN.
    pub arn: String,
    /// Whether it is enabled.
    pub enabled: bool,
    /// Events that it has matched.
    pub matched: u64,
    /// Deliveries that reached their target.
    pub invoked: u64,
    /// Deliveries that were given up.
    pub failed: u64,
    /// Attempts that failed and were followed by others.
    pub retried: u64,
    /// Times that a target wanted fewer.
    pub throttled: u64,
    /// Letters that are in their dead-letter queue.
    pub dead_letters: u64,
    /// Letters that their queue has not taken.
    pub lost_letters: u64,
}

/// All of them.
pub(crate) async fn list(client: &Client) -> Answered<Vec<Tallied>> {
    TRAINYARD.all(client, "ListRuleTallies", json!({}), "Rules").await
}
