//! An API destination as it is remembered.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use trainyard_domain::{Arn, Scope, Timestamp};
use trainyard_store::{Keys, Noun};

use super::connection::members;

/// A URL that rules can send events to.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ApiDestination {
    /// Where.
    pub scope: Scope,
    /// Its name, unique in the scope.
    pub name: String,
    /// Tells it from others that have had its name.
    pub id: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whose name it is called in.
    pub connection: Arn,
    /// The URL; each `*` in it is filled by a rule's target.
    pub endpoint: String,
    /// The method.
    pub method: String,
    /// It is called at most so often.
    pub per_second: u32,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed last.
    pub modified: Timestamp,
}

/// What CreateApiDestination and UpdateApiDestination ask for; what an update leaves out stays, unless it is whole.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct DestinationRequest {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Whose name it is called in.
    pub connection_arn: Option<String>,
    /// The URL.
    pub invocation_endpoint: Option<String>,
    /// The method.
    pub http_method: Option<String>,
    /// It is called at most so often.
    pub invocation_rate_limit_per_second: Option<u32>,
    /// For an update that says all there is: what it leaves out is as if it had never been said.
    #[serde(skip)]
    pub whole: bool,
    /// What tells it from others that have had its name, for one whose ARN must be known before it is made.
    #[serde(skip)]
    pub id: Option<String>,
}

impl ApiDestination {
    /// Its ARN.
    pub fn arn(&self) -> Arn {
        Arn::new("events", &self.scope, format!("api-destination/{}/{}", self.name, self.id))
    }

    /// What calls that change it answer.
    pub fn summary(&self, active: bool) -> Map<String, Value> {
        members([
            ("ApiDestinationArn", json!(self.arn())),
            ("ApiDestinationState", json!(if active { "ACTIVE" } else { "INACTIVE" })),
            ("CreationTime", json!(self.created)),
            ("LastModifiedTime", json!(self.modified)),
        ])
    }

    /// As ListApiDestinations shows it.
    pub fn listed(&self, active: bool) -> Map<String, Value> {
        let mut shown = self.summary(active);
        shown.extend(members([
            ("Name", json!(self.name)),
            ("ConnectionArn", json!(self.connection)),
            ("InvocationEndpoint", json!(self.endpoint)),
            ("HttpMethod", json!(self.method)),
            ("InvocationRateLimitPerSecond", json!(self.per_second)),
        ]));
        shown
    }

    /// As DescribeApiDestination shows it.
    pub fn described(&self, active: bool) -> Map<String, Value> {
        let mut shown = self.listed(active);
        shown.extend(members([("Description", json!(self.description))]));
        shown
    }
}

impl Noun for ApiDestination {
    const KIND: &'static str = "api-destination";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add("connection", self.connection.to_string());
    }
}
