//! What is told on a bus, in EventBridge's shape.
//! <https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html>

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::{AccountId, Region, Scope, Timestamp};

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
    /// How it came to the bus.
    #[serde(default, skip_serializing_if = "Way::is_plain")]
    pub way: Way,
}

/// How an event came to the bus that it is told on. Mostly nothing is to be said of that: it happened where the bus is,
/// and is told for the first time.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Way {
    /// Whose bus it is told on, where that is not the event's own account and region.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<Scope>,
    /// Whether a rule sent it here from another bus: it goes to no third one.
    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-bus-to-bus.html>
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub forwarded: bool,
    /// The replay that tells it again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replay: Option<Replay>,
    /// When the bus got it, where its teller gave it another time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub received: Option<Timestamp>,
}

/// Which replay tells an event again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// Its name.
    pub name: String,
    /// The ARNs of the rules that it is for; empty: all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<String>,
}

impl Way {
    fn is_plain(&self) -> bool {
        *self == Self::default()
    }
}

/// The bus that is there from the start.
pub const DEFAULT_BUS: &str = "default";

fn default_bus() -> String {
    DEFAULT_BUS.to_owned()
}

impl Event {
    /// Whose bus it is told on.
    pub fn owner(&self) -> &Scope {
        self.way.owner.as_ref().unwrap_or(&self.scope)
    }

    /// When the bus got it.
    pub fn received(&self) -> Timestamp {
        self.way.received.unwrap_or(self.time)
    }

    /// Whether it is news: neither a rule nor a replay has brought what was told elsewhere, or before.
    pub fn is_news(&self) -> bool {
        !self.way.forwarded && self.way.replay.is_none()
    }

    /// Whether any rule may have it: a replay can be for some rules only.
    pub fn is_for_all(&self) -> bool {
        self.way.replay.as_ref().is_none_or(|replay| replay.rules.is_empty())
    }

    /// Whether the rule of that ARN may have it.
    pub fn is_for(&self, rule: &str) -> bool {
        let mut named = self.way.replay.iter().flat_map(|replay| &replay.rules);
        self.is_for_all() || named.any(|known| known == rule)
    }

    /// What this telling of it is known by: the event's id, and for what is not news also where or by which replay it
    /// is told.
    pub fn telling(&self) -> String {
        let mut telling = self.id.clone();
        if self.way.forwarded {
            telling += &format!("/{}/{}", self.owner(), self.bus);
        }
        if let Some(replay) = &self.way.replay {
            telling += &format!("/{}", replay.name);
        }
        telling
    }

    /// The event as patterns see it and targets get it.
    /// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html>
    pub fn envelope(&self) -> Value {
        // Names and values of JSON: this always has a form.
        serde_json::to_value(self.seen()).unwrap_or_default()
    }

    /// The envelope's text. Nothing of the event is copied for it but into the text.
    pub fn envelope_text(&self) -> String {
        serde_json::to_string(&self.seen()).unwrap_or_default()
    }

    fn seen(&self) -> Envelope<'_> {
        Envelope {
            version: "0",
            id: &self.id,
            detail_type: &self.detail_type,
            source: &self.source,
            account: &self.scope.account,
            time: self.time.to_seconds_string(),
            region: &self.scope.region,
            resources: &self.resources,
            detail: &self.detail,
            replay_name: self.way.replay.as_ref().map(|replay| replay.name.as_str()),
        }
    }
}

/// An event's members in EventBridge's names and order.
#[derive(Serialize)]
#[serde(rename_all = "kebab-case")]
struct Envelope<'e> {
    version: &'static str,
    id: &'e str,
    detail_type: &'e str,
    source: &'e str,
    account: &'e AccountId,
    time: String,
    region: &'e Region,
    resources: &'e [String],
    detail: &'e Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    replay_name: Option<&'e str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_again_says_so() {
        let scope = Scope::default_scope();
        let event = Event {
            id: "e".into(),
            scope: scope.clone(),
            bus: DEFAULT_BUS.into(),
            time: Timestamp(1000),
            source: "app".into(),
            detail_type: "Told".into(),
            resources: Vec::new(),
            detail: serde_json::json!({}),
            way: Way::default(),
        };
        assert!(
            event.is_news()
                && event.is_for_all()
                && event.is_for("any")
                && event.envelope().get("replay-name").is_none()
        );
        assert_eq!(event.telling(), "e");
        assert!(!serde_json::to_string(&event).unwrap_or_default().contains("way"));
        let replay = Replay { name: "again".into(), rules: vec!["one".into()] };
        let again = Event { way: Way { replay: Some(replay), ..Way::default() }, ..event };
        assert!(!again.is_news() && !again.is_for_all() && again.is_for("one") && !again.is_for("two"));
        assert_eq!(
            (again.envelope()["replay-name"].as_str(), again.telling().as_str()),
            (Some("again"), "e/again")
        );
        assert_eq!(again.envelope_text(), again.envelope().to_string());
    }
}
