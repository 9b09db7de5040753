//! What is told on a bus, in EventBridge's shape.
//! <https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html>

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{Scope, Timestamp};

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// A UUID; deliveries of the event are known by it.
    pub id: String,
    /// Where it happened.
    pub scope: Scope,
    /// The bus it is told on.
    #[serde(default = "default_bus")]
    pub bus: String,
    /// When.
    pub time: Timestamp,
    /// Who tells, such as `aws.ecr`.
    pub source: String,
    /// What kind of thing happened, such as `ECR Image Action`.
    pub detail_type: String,
    /// ARNs of the things concerned.
    #[serde(default)]
    pub resources: Vec<String>,
    /// The particulars: a JSON object.
    pub detail: Value,
}

/// The bus that is there from the start.
pub const DEFAULT_BUS: &str = "default";

fn default_bus() -> String {
    DEFAULT_BUS.to_owned()
}

impl Event {
    /// The event as patterns see it and targets get it.
    pub fn envelope(&self) -> Value {
        serde_json::json!({
            "version": "0",
            "id": self.id,
            "detail-type": self.detail_type,
            "source": self.source,
            "account": self.scope.account,
            "time": self.time.to_seconds_string(),
            "region": self.scope.region,
            "resources": self.resources,
            "detail": self.detail,
        })
    }
}
