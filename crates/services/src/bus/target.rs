//! What a rule can start, and who else hears the news.

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trainyard_domain::{Arn, Event, Scope};

use super::{HttpParameters, RuleTarget};

/// One kind of rule target. One file in `targets/` each.
#[async_trait]
pub trait Target: Send + Sync {
    /// Whether a target with this ARN is of this kind.
    fn takes(&self, arn: &Arn) -> bool;

    /// Whether a rule must name a role for it, as AWS wants it for everything but functions, queues and topics.
    fn needs_role(&self) -> bool {
        true
    }

    /// What is wrong with a target of this kind, if anything.
    fn check(&self, _: &RuleTarget) -> Result<(), String> {
        Ok(())
    }

    /// Whether it takes a rule's HTTP parameters.
    fn takes_http(&self) -> bool {
        false
    }

    /// Whether it may be another account's than the rule: then it is the target that judges who asks.
    fn takes_other_accounts(&self) -> bool {
        false
    }

    /// Delivers. It may be called again with the same [`Delivery::id`]: what it starts must be named after that id,
    /// so that a redelivery starts nothing.
    async fn deliver(&self, delivery: &Delivery) -> Result<(), DeliveryError>;
}

/// One event on its way to one target of one rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivery {
    /// Follows from event id, rule and target: a UUID, the same at every attempt.
    pub id: String,
    /// The rule's scope.
    pub scope: Scope,
    /// The rule.
    pub rule: Arn,
    /// The target.
    pub target: Arn,
    /// The role that the target is called with.
    pub role: Option<Arn>,
    /// The message group, for a queue that keeps order.
    #[serde(default)]
    pub group: Option<String>,
    /// The event.
    pub event: Event,
    /// What the target gets: the envelope, or what Input, InputPath or InputTransformer made of it.
    pub input: Value,
    /// What the target adds to an HTTP request, with the event's values in it.
    #[serde(default)]
    pub http: Option<HttpParameters>,
}

/// Why a delivery did not succeed.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct DeliveryError {
    /// Whether a later attempt may succeed.
    pub retry: bool,
    /// Why.
    pub message: String,
}

/// Someone in the house who must hear of events: a later room whose work goes on when an earlier one's has ended.
/// Hearing the same event again must be safe.
#[async_trait]
pub trait Listener: Send + Sync {
    /// Its name; stored with the delivery, so it never changes.
    fn name(&self) -> &'static str;

    /// Whether it wants to hear this one. Pure and quick.
    fn wants(&self, event: &Event) -> bool;

    /// Hears it. An error means: tell me again later.
    async fn hear(&self, event: &Event) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;
}
