//! What an archive is. Pure.

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Scope, Timestamp};
use trainyard_store::{Keys, Noun};

use crate::{
    bus::{Error, buses, matching},
    violations::Violations,
};

/// An archive.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Archive {
    /// Where.
    pub scope: Scope,
    /// Its name, unique in the scope.
    pub name: String,
    /// What its events are kept under: another archive of the same name has another.
    pub id: String,
    /// The bus that it listens to.
    pub bus: String,
    /// What it is for.
    pub description: Option<String>,
    /// Which events it keeps, as the user wrote it; none means all.
    pub pattern: Option<String>,
    /// For how many days it keeps them; 0 means for ever.
    pub retention_days: u32,
    /// The key that AWS would encrypt its events with: kept and shown.
    pub key: Option<String>,
    /// When it was made.
    pub created: Timestamp,
}

/// What an archive is made or changed with. What is not given stays as it is; an empty text takes away.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArchiveSpec {
    /// Its name.
    pub name: String,
    /// The ARN of the bus; only when it is made.
    pub source: Option<String>,
    /// What it is for.
    pub description: Option<String>,
    /// Which events it keeps.
    pub pattern: Option<String>,
    /// For how many days; 0 means for ever.
    pub retention_days: Option<i64>,
    /// A key.
    pub key: Option<String>,
}

/// Which archives are asked for: at most one thing can be said of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ArchiveFilter {
    /// Their names begin so.
    pub prefix: Option<String>,
    /// The ARN of their bus.
    pub source: Option<String>,
    /// Their state.
    pub state: Option<String>,
}

impl Archive {
    /// All archives are in this state: one is made in one commit, and works from then on.
    pub const STATE: &'static str = "ENABLED";
    /// The states that AWS knows.
    pub(super) const STATES: [&'static str; 6] =
        ["ENABLED", "DISABLED", "CREATING", "UPDATING", "CREATE_FAILED", "UPDATE_FAILED"];

    /// Its ARN.
    pub fn arn(&self) -> Arn {
        arn(&self.scope, &self.name)
    }

    /// The ARN of its bus.
    pub fn source(&self) -> Arn {
        buses::arn(&self.scope, &self.bus)
    }

    /// The archive with what is given in its place.
    pub(super) fn changed(mut self, spec: ArchiveSpec) -> Self {
        self.retention_days = spec.days().unwrap_or(self.retention_days);
        self.description = given(spec.description, self.description);
        self.pattern = given(spec.pattern, self.pattern);
        self.key = given(spec.key, self.key);
        self
    }
}

impl ArchiveSpec {
    /// Checks all that can be said without knowing what else there is.
    pub fn check(&self) -> Result<(), Error> {
        let mut wrong = Violations::default();
        wrong.name(&self.name, "archiveName", 48);
        wrong.optional(self.source.as_deref(), "eventSourceArn", 1, 1600);
        wrong.optional(self.description.as_deref(), "description", 0, 512);
        wrong.optional(self.pattern.as_deref(), "eventPattern", 0, 4096);
        wrong.optional(self.key.as_deref(), "kmsKeyIdentifier", 0, 2048);
        if let Some(days) = self.retention_days {
            if days < 0 {
                wrong.add(&days.to_string(), "retentionDays", "have value greater than or equal to 0");
            } else if u32::try_from(days).is_err() {
                wrong.add(&days.to_string(), "retentionDays", "have value less than or equal to 4294967295");
            }
        }
        wrong.finish().map_err(Error::Invalid)?;
        match self.pattern.as_deref() {
            None | Some("") => Ok(()),
            Some(pattern) => matching::compile(pattern).map(drop).map_err(Error::Pattern),
        }
    }

    pub(super) fn days(&self) -> Option<u32> {
        self.retention_days.and_then(|days| u32::try_from(days).ok())
    }
}

impl ArchiveFilter {
    pub(super) fn check(&self) -> Result<(), Error> {
        let mut wrong = Violations::default();
        wrong.optional(self.prefix.as_deref(), "namePrefix", 1, 48);
        if let Some(state) = &self.state {
            wrong.one_of(state, "state", &Archive::STATES);
        }
        wrong.finish().map_err(Error::Invalid)?;
        let given = [&self.prefix, &self.source, &self.state].into_iter().flatten().count();
        if given > 1 {
            let words = "At most one filter is allowed for ListArchives. \
                Use either : State, EventSourceArn, or NamePrefix.";
            return Err(Error::Invalid(words.to_owned()));
        }
        Ok(())
    }
}

/// The new text, if there is one; an empty one takes away.
fn given(new: Option<String>, old: Option<String>) -> Option<String> {
    new.map_or(old, |new| Some(new).filter(|text| !text.is_empty()))
}

/// The ARN of the archive of that name.
pub(super) fn arn(scope: &Scope, name: &str) -> Arn {
    Arn::new("events", scope, format!("archive/{name}"))
}

impl Noun for Archive {
    const KIND: &'static str = "archive";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add("bus", self.bus.clone());
    }
}
