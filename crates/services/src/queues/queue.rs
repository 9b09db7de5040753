//! A queue, as it is remembered.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Scope, Timestamp};
use trainyard_store::{Keys, Noun};

use super::{QueueName, settings::Settings};

/// A queue.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Queue {
    /// Where, and what it is called.
    #[serde(flatten)]
    pub name: QueueName,
    /// A UUID of its own: another queue that gets the name later is another one.
    pub id: String,
    /// Which shelf its messages lie on. Purging puts up a new one, and the old one is cleared away in peace.
    pub shelf: u32,
    /// What is set of it.
    pub settings: Settings,
    /// Tags.
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    /// When it was made.
    pub created: Timestamp,
    /// When its attributes were last set.
    pub modified: Timestamp,
}

impl Queue {
    /// Its ARN.
    pub fn arn(&self) -> Arn {
        self.name.arn()
    }

    /// The store's scope of its messages.
    pub(super) fn shelf(&self) -> String {
        shelf(&self.id, self.shelf)
    }
}

/// The store's scope of the messages on that shelf of a queue.
pub(super) fn shelf(id: &str, shelf: u32) -> String {
    format!("{id}/{shelf}")
}

impl Noun for Queue {
    const KIND: &'static str = "queue";

    fn scope(&self) -> String {
        let scope: &Scope = &self.name.scope;
        scope.to_string()
    }

    fn id(&self) -> String {
        self.name.name.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        if let Some(redrive) = &self.settings.redrive {
            keys.add("dead-letters", redrive.to.to_string());
        }
    }
}
