//! A schedule as it is kept.

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Scope, Timestamp};
use trainyard_store::{Keys, Noun};

use super::ScheduleSpec;

/// A schedule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Schedule {
    /// Where.
    pub scope: Scope,
    /// What it was made with, defaults filled in.
    pub spec: ScheduleSpec,
    /// When it was made.
    pub created: Timestamp,
    /// When it was changed last.
    pub modified: Timestamp,
    /// Since when its times count.
    pub since: Timestamp,
    /// Its last time that was begun.
    #[serde(default)]
    pub last: Option<Timestamp>,
}

impl Schedule {
    /// Its ARN; the default group is named in it too.
    pub fn arn(&self) -> Arn {
        arn(&self.scope, self.spec.group(), &self.spec.name)
    }
}

/// The ARN of the schedule of that name.
pub(super) fn arn(scope: &Scope, group: &str, name: &str) -> Arn {
    Arn::new("scheduler", scope, format!("schedule/{group}/{name}"))
}

/// The id of the schedule's document: names have no slash.
pub(super) fn id(group: &str, name: &str) -> String {
    format!("{group}/{name}")
}

impl Noun for Schedule {
    const KIND: &'static str = "schedule";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        id(self.spec.group(), &self.spec.name)
    }

    fn keys(&self, _: &mut Keys) {}
}
