//! Stacks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Answered, TRAINYARD, odd};
use crate::client::Client;

/// What is to be deployed.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Deployment {
    /// The stack.
    pub stack_name: String,
    /// The template's text.
    pub template_body: String,
    /// The template's name, for findings.
    pub template_name: String,
    /// The texts of the files that it names, by the paths that it names.
    pub definitions: BTreeMap<String, String>,
    /// Values of parameters.
    pub parameters: BTreeMap<String, String>,
    /// Whether only to say what would be done.
    pub dry_run: bool,
}

/// What came of a deployment.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Deployed {
    /// The stack.
    pub stack_name: String,
    /// How it is now.
    pub status: String,
    /// Why, after a failure.
    pub status_reason: Option<String>,
    /// What was done.
    pub changes: Vec<Change>,
    /// What the stack tells.
    pub outputs: Vec<Output>,
}

/// One thing that was done.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Change {
    /// `Create`, `Update`, `Replace` or `Delete`.
    pub action: String,
    /// The resource in the template.
    pub logical_id: String,
    /// Its type.
    pub resource_type: String,
    /// The resource in the world.
    pub physical_id: String,
    /// Why it could not be done, if it could not.
    pub failure: Option<String>,
}

/// What a stack tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct Output {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
}

/// Deploys, and waits until that has ended.
pub(crate) async fn deploy(client: &Client, deployment: &Deployment) -> Answered<Deployed> {
    let input = serde_json::to_value(deployment).map_err(|error| odd(client, "DeployStack", &error))?;
    TRAINYARD.ask(client, "DeployStack", input).await
}
