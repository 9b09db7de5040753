//! State machines, their revisions and versions: the nouns.

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Scope, Timestamp};
use trainyard_store::{Keys, Noun};

use super::{
    names,
    settings::{Encryption, Logging},
};

/// How executions are run. It never changes.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html>
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum MachineType {
    /// Durably: every step is on disk.
    #[default]
    Standard,
    /// In memory, for at most five minutes.
    Express,
}

/// A state machine: its name and the revision that new executions begin with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StateMachine {
    /// Where.
    pub scope: Scope,
    /// Its name.
    pub name: String,
    /// How its executions are run.
    #[serde(default)]
    pub kind: MachineType,
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
    /// How many versions were ever published: no number is given twice.
    #[serde(default)]
    pub versions: u64,
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
    /// How its executions are run.
    #[serde(default)]
    pub kind: MachineType,
    /// Whether it came by an update: the id of the first one is not shown.
    #[serde(default)]
    pub updated: bool,
    /// The definition, as the user wrote it.
    pub definition: String,
    /// The role that executions act in.
    pub role: Arn,
    /// Where executions are logged.
    #[serde(default)]
    pub logging: Logging,
    /// Whether executions are traced. Kept and shown; there is nobody to trace for.
    #[serde(default)]
    pub tracing: bool,
    /// With which key data are encrypted.
    #[serde(default)]
    pub encryption: Encryption,
    /// When it was made.
    pub created: Timestamp,
}

/// A revision that was published under a number.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Version {
    /// Where.
    pub scope: Scope,
    /// The state machine's name.
    pub machine: String,
    /// 1, 2, 3, …
    pub number: u64,
    /// The id of its [`Revision`].
    pub revision: String,
    /// For people.
    #[serde(default)]
    pub description: Option<String>,
    /// When it was published.
    pub created: Timestamp,
}

impl MachineType {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Standard => "STANDARD",
            Self::Express => "EXPRESS",
        }
    }
}

impl StateMachine {
    /// The state machine that the revision is of, as far as the revision tells.
    pub(super) fn of(revision: &Revision) -> Self {
        Self {
            scope: revision.scope.clone(),
            name: revision.machine.clone(),
            kind: revision.kind,
            created: revision.created,
            revision: revision.id.clone(),
            updated: revision.updated,
            tags: Vec::new(),
            versions: 0,
        }
    }

    /// Its ARN.
    pub fn arn(&self) -> Arn {
        names::machine_arn(&self.scope, &self.name)
    }
}

impl Version {
    /// Its ARN.
    pub fn arn(&self) -> Arn {
        names::qualified_arn(&self.scope, &self.machine, &self.number.to_string())
    }
}

/// The id of a version, ordered as the numbers are. Names have no slash.
pub(super) fn version_id(machine: &str, number: u64) -> String {
    format!("{machine}/{number:020}")
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

impl Noun for Version {
    const KIND: &'static str = "state-machine-version";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        version_id(&self.machine, self.number)
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add("revision", self.revision.clone());
    }
}
