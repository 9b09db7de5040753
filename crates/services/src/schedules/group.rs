//! A group of schedules as it is kept.

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Scope, Timestamp};
use trainyard_store::{Keys, Noun};

use super::DEFAULT_GROUP;

/// A group. The default one is there without a document, until somebody tags it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Where.
    pub scope: Scope,
    /// Its name, unique in the scope.
    pub name: String,
    /// When it was made; the default group has no such moment.
    pub created: Option<Timestamp>,
    /// When it was changed last.
    pub modified: Option<Timestamp>,
    /// Whether it is being deleted.
    pub state: GroupState,
    /// Tags.
    pub tags: Vec<Tag>,
    /// The token that it was made with.
    #[serde(default)]
    pub client_token: Option<String>,
}

/// Whether a group is being deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum GroupState {
    /// It is not.
    Active,
    /// It is, with all its schedules.
    Deleting,
}

/// A tag.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Tag {
    /// Its name.
    pub key: String,
    /// Its value.
    pub value: String,
}

impl Group {
    /// The default group, as long as nobody has changed it.
    pub(super) fn default_of(scope: &Scope) -> Self {
        Self {
            scope: scope.clone(),
            name: DEFAULT_GROUP.to_owned(),
            created: None,
            modified: None,
            state: GroupState::Active,
            tags: Vec::new(),
            client_token: None,
        }
    }

    /// Its ARN.
    pub fn arn(&self) -> Arn {
        arn(&self.scope, &self.name)
    }
}

/// The ARN of the group of that name.
pub(super) fn arn(scope: &Scope, name: &str) -> Arn {
    Arn::new("scheduler", scope, format!("schedule-group/{name}"))
}

impl Noun for Group {
    const KIND: &'static str = "schedule-group";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, _: &mut Keys) {}
}
