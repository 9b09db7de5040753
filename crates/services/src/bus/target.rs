//! What a rule can start, and who else hears the news.

use std::borrow::Cow;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trainyard_domain::{Arn, Event, Principal, Scope, principal::Lineage};
use trainyard_store::Changes;

use super::{DeliveryError, HttpParameters, RuleTarget, dead::DeadLetter};
use crate::identity::role_session;

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

    /// How many deliveries to one target of this kind are best made together.
    fn together(&self) -> usize {
        1
    }

    /// Delivers several to one target. Each comes with changes that become true when it is delivered, for a target that
    /// can commit them with what it does itself: what is left of them is given back.
    async fn deliver_all(&self, several: Vec<(&Delivery, Changes)>) -> Vec<Result<Changes, DeliveryError>> {
        let each =
            several.into_iter().map(async |(delivery, done)| self.deliver(delivery).await.map(|()| done));
        futures::future::join_all(each).await
    }

    /// What takes dead letters, if it is that too.
    fn letterbox(&self) -> Option<&dyn Letterbox> {
        None
    }
}

/// Takes what is told of events that did not reach their targets.
#[async_trait]
pub trait Letterbox: Send + Sync {
    /// What is wrong with the ARN, as that of a place for the dead letters of rules; if anything.
    fn check(&self, arn: &Arn) -> Result<(), String>;

    /// Takes the letter. `done` becomes true with that: what is left of it is given back.
    async fn post(&self, letter: &DeadLetter, done: Changes) -> Result<Changes, DeliveryError>;
}

/// One event on its way to one target of one rule.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Delivery<E = Event> {
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
    pub event: E,
    /// What Input, InputPath or InputTransformer made of the event; nothing where the target gets its envelope.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Value>,
    /// What the target adds to an HTTP request, with the event's values in it.
    #[serde(default)]
    pub http: Option<HttpParameters>,
}

impl Delivery {
    /// What the target gets.
    pub fn input(&self) -> Cow<'_, Value> {
        match &self.input {
            Some(input) => Cow::Borrowed(input),
            None => Cow::Owned(self.event.envelope()),
        }
    }

    /// The text of what the target gets.
    pub fn input_text(&self) -> String {
        self.input.as_ref().map_or_else(|| self.event.envelope_text(), Value::to_string)
    }

    /// Who calls the target: a session of its role, named for the delivery; without a role the rule's account.
    pub fn principal(&self) -> Principal {
        match &self.role {
            Some(role) => role_session(role, self.scope.account.clone(), &self.id, Lineage::default()),
            None => Principal::root(&self.scope),
        }
    }
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
