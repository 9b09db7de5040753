//! When schedules, and rules that have one, are due.

use serde::Deserialize;
use serde_json::json;

use super::{Answered, TRAINYARD};
use crate::client::Client;

/// A schedule, or a rule that has one.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Due {
    /// `Schedule` or `Rule`.
    pub kind: String,
    /// `<group>/<name>` of a schedule.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// When.
    pub expression: String,
    /// By which clocks.
    pub zone: String,
    /// Whether its times count.
    pub enabled: bool,
    /// The last time that was begun, in seconds.
    pub last_time: Option<f64>,
    /// The next ones.
    pub times: Vec<Time>,
}

/// A moment.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Time {
    /// In seconds.
    pub time: f64,
}

/// All of them, with so many of the next times of each.
pub(crate) async fn list(client: &Client, count: usize) -> Answered<Vec<Due>> {
    TRAINYARD.all(client, "ListTimes", json!({"Count": count}), "Schedules").await
}
