//! State machines and their revisions: the nouns.

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Scope, Timestamp};
use trainyard_store::{Keys, Noun};

use super::names;

/// A state machine: its name and the revision that new executions begin with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateMachine {
    /// Where.
    pub scope: Scope,
    /// Its name.
    pub name: String,
    /// When it was made.
    pub created: Timestamp,
    /// The id of its latest [`Revision`].
    pub revision: String,
    /// Whether it was ever updated: the first revision's id is not shown, as AWS has it.
    #[serde(default)]
    pub updated: bool,
    /// Tags.
    #[serde(default)]
    pub tags: Vec<(String, String)>,
}

/// What a state machine was at one time. It is never changed and stays while an execution that began with it may be
/// asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    /// Where.
    pub scope: Scope,
    /// A UUID.
    pub id: String,
    /// The state machine's name.
    pub machine: String,
    /// The definition, as the user wrote it.
    pub definition: String,
    /// The role that executions act in.
    pub role: Arn,
    /// When it was made.
    pub created: Timestamp,
}

impl StateMachine {
    /// Its ARN.
    pub fn arn(&self) -> Arn {
        names::machine_arn(&self.scope, &self.name)
    }
}

impl Noun for StateMachine {
    const KIND: &'static str = "state-machine";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, _: &mut Keys) {}
}

impl Noun for Revision {
    const KIND: &'static str = "state-machine-revision";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        self.id.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add("machine", self.machine.clone());
    }
}
