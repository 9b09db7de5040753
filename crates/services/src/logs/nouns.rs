//! Groups and streams.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Scope, Timestamp};
use trainyard_store::{Keys, Noun};

use super::StreamName;

/// A group of streams.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogGroup {
    /// Where.
    pub scope: Scope,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// Tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// For how many days its events are kept; none means for ever.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retention_days: Option<u16>,
}

/// A stream of events.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogStream {
    /// Where.
    pub scope: Scope,
    /// Its group.
    pub group: String,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
}

impl LogGroup {
    /// A group without tags that keeps its events for ever.
    pub fn new(scope: &Scope, name: &str, created: Timestamp) -> Self {
        let (scope, name) = (scope.clone(), name.to_owned());
        Self { scope, name, created, tags: BTreeMap::new(), retention_days: None }
    }

    /// Its ARN, without the `:*` that the API appends in one place.
    pub fn arn(&self) -> Arn {
        Arn::new("logs", &self.scope, format!("log-group:{}", self.name))
    }
}

impl LogStream {
    pub(super) fn new(name: &StreamName, created: Timestamp) -> Self {
        let StreamName { scope, group, stream } = name.clone();
        Self { scope, group, name: stream, created }
    }

    /// Its ARN.
    pub fn arn(&self) -> Arn {
        Arn::new("logs", &self.scope, format!("log-group:{}:log-stream:{}", self.group, self.name))
    }

    /// Which stream it is.
    pub fn stream(&self) -> StreamName {
        StreamName { scope: self.scope.clone(), group: self.group.clone(), stream: self.name.clone() }
    }
}

impl Noun for LogGroup {
    const KIND: &'static str = "log-group";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, _: &mut Keys) {}
}

impl Noun for LogStream {
    const KIND: &'static str = "log-stream";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    /// Group and name: the streams of a group stand together, ordered by name. No name has a colon in it.
    fn id(&self) -> String {
        id(&self.group, &self.name)
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add("made", format!("{}:{:019}", self.group, self.created.millis().max(0)));
    }
}

/// The id of a stream, or the beginning of the ids of those whose names begin so.
pub(super) fn id(group: &str, stream: &str) -> String {
    format!("{group}:{stream}")
}
