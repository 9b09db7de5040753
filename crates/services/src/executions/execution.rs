//! An execution's document: what is shown of it without its history. It is written when the execution begins and when
//! it ends, and not in between.

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Principal, Scope, Timestamp, principal::Lineage};
use trainyard_store::{Keys, Noun};

use super::{
    map_runs::{self, Child},
    names,
    redrivable::Redrives,
};
use crate::identity::role_session;

/// One execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Execution {
    /// Where.
    pub scope: Scope,
    /// The state machine's name; of a map run's child, with the label of the Map: `<machine>/<label>`.
    pub machine: String,
    /// Its name: within its state machine there is one execution of that name, for ever.
    pub name: String,
    /// The id of an express execution, which is none of a name's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub express: Option<String>,
    /// The revision that it began with.
    pub revision: String,
    /// The role that it acts in.
    pub role: Arn,
    /// Its input, as it was given.
    pub input: String,
    /// When it began.
    pub started: Timestamp,
    /// How it stands.
    pub status: Status,
    /// How it ended; none while it runs.
    #[serde(default)]
    pub end: Option<End>,
    /// The work that it was started out of.
    #[serde(default)]
    pub lineage: Lineage,
    /// Who started it.
    pub by: Arn,
    /// The caller's trace header, kept and shown.
    #[serde(default)]
    pub trace: Option<String>,
    /// The task that has started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<Parent>,
    /// The map run that has started it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<Child>,
    /// The version that it was started by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
    /// The alias that it was started by.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    /// How it was redriven.
    #[serde(default, skip_serializing_if = "Redrives::is_none")]
    pub redrives: Redrives,
}

/// The task of another execution that has started an execution.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Parent {
    /// Its token.
    pub token: String,
    /// Whether it waits for the end.
    pub waits: bool,
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct End {
    /// When.
    pub at: Timestamp,
    /// With what, if well.
    #[serde(default)]
    pub output: Option<String>,
    /// The failure's name, if badly and if it has one.
    #[serde(default)]
    pub error: Option<String>,
    /// Why, if that was said.
    #[serde(default)]
    pub cause: Option<String>,
    /// How many events its history had then.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(super) events: u64,
}

fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// AWS's words for how an execution stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// It runs.
    Running,
    /// It ended well.
    Succeeded,
    /// It ended badly.
    Failed,
    /// It took too long.
    TimedOut,
    /// Somebody stopped it.
    Aborted,
}

impl Status {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Running => "RUNNING",
            Self::Succeeded => "SUCCEEDED",
            Self::Failed => "FAILED",
            Self::TimedOut => "TIMED_OUT",
            Self::Aborted => "ABORTED",
        }
    }
}

impl Execution {
    /// Its ARN.
    pub fn arn(&self) -> Arn {
        match &self.express {
            None => names::execution_arn(&self.scope, &self.machine, &self.name),
            Some(id) => names::express_arn(&self.scope, &self.machine, &self.name, id),
        }
    }

    /// Its state machine's ARN.
    pub fn machine_arn(&self) -> Arn {
        names::machine_arn(&self.scope, &self.machine)
    }

    /// The ARN of the version that it was started by.
    pub fn version_arn(&self) -> Option<Arn> {
        let number = self.version?.to_string();
        Some(names::qualified_arn(&self.scope, &self.machine, &number))
    }

    /// The ARN of the alias that it was started by.
    pub fn alias_arn(&self) -> Option<Arn> {
        Some(names::qualified_arn(&self.scope, &self.machine, self.alias.as_deref()?))
    }

    /// In whose name its tasks act: a session of its role, for this execution.
    pub fn principal(&self) -> Principal {
        self.principal_in(&self.role)
    }

    /// In whose name a task with credentials of its own acts: a session of that role, for this execution.
    pub fn principal_in(&self, role: &Arn) -> Principal {
        let lineage = Lineage { execution: Some(self.arn().to_string()), ..self.lineage.clone() };
        role_session(role, self.scope.account.clone(), &self.name, lineage)
    }
}

/// The document's id. Names have no slash.
pub(super) fn id(machine: &str, name: &str) -> String {
    format!("{machine}/{name}")
}

/// The history's name in the store.
pub(super) fn history(arn: &Arn) -> String {
    format!("execution/{arn}")
}

impl Noun for Execution {
    const KIND: &'static str = "execution";
    const SPILLS: bool = true;

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        id(&self.machine, &self.name)
    }

    fn keys(&self, keys: &mut Keys) {
        if let Some(child) = &self.child {
            return map_runs::keys(child, self.status, keys);
        }
        let started = format!("{:019}", self.started.millis().max(0));
        keys.add("started", format!("{}/{started}", self.machine));
        keys.add("status", format!("{}/{}/{started}", self.machine, self.status.as_str()));
        let qualifiers = [self.version.map(|number| number.to_string()), self.alias.clone()];
        for qualifier in qualifiers.into_iter().flatten() {
            let by = format!("{}:{qualifier}", self.machine);
            keys.add("qualified", format!("{by}/{started}"));
            keys.add("qualified-status", format!("{by}/{}/{started}", self.status.as_str()));
        }
    }
}
