//! Web hooks.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Answered, TRAINYARD};
use crate::client::Client;

/// A hook.
#[derive(Clone, Debug, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Hook {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
    /// Who calls it.
    pub kind: String,
    /// Where its events are told.
    pub event_bus_name: String,
    /// Where it is called.
    pub url: String,
    /// When it was made, in seconds since 1970.
    pub creation_time: f64,
    /// When its secret was made, in seconds since 1970.
    pub last_rotated_time: f64,
}

/// A hook whose secret was made just now.
#[derive(Clone, Deserialize, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Told {
    /// The hook.
    pub hook: Hook,
    /// The secret: nobody says it again.
    pub secret: String,
    /// What the other side must be told.
    pub advice: String,
}

/// Makes one.
pub(crate) async fn create(client: &Client, (name, kind): (&str, &str), bus: Option<&str>) -> Answered<Told> {
    let mut input = json!({"Name": name, "Kind": kind});
    if let Some(bus) = bus {
        input["EventBusName"] = bus.into();
    }
    TRAINYARD.ask(client, "CreateHook", input).await
}

/// Gives it another secret.
pub(crate) async fn rotate(client: &Client, name: &str, grace: u64) -> Answered<Told> {
    TRAINYARD.ask(client, "RotateHook", json!({"Name": name, "GraceSeconds": grace})).await
}

/// Removes it.
pub(crate) async fn delete(client: &Client, name: &str) -> Answered<()> {
    TRAINYARD.ask::<serde_json::Value>(client, "DeleteHook", json!({"Name": name})).await.map(drop)
}

/// All of them.
pub(crate) async fn list(client: &Client) -> Answered<Vec<Hook>> {
    TRAINYARD.all(client, "ListHooks", json!({}), "Hooks").await
}
