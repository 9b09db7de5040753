//! The service integrations: one file each, and one line in [`Tasks`].

pub mod events_put_events;

use std::{collections::HashMap, sync::Arc};

use crate::executions::task::Task;

/// All integrations there are, by `<service>:<action>`; `aws-sdk` calls go to the one that has the server's own
/// operations.
#[derive(Clone, Default)]
pub struct Tasks {
    by_resource: HashMap<&'static str, Arc<dyn Task>>,
}

impl Tasks {
    /// From a list. Two of the same resource: the later one counts.
    pub fn new(tasks: impl IntoIterator<Item = Arc<dyn Task>>) -> Self {
        Self { by_resource: tasks.into_iter().map(|task| (task.resource(), task)).collect() }
    }

    /// The integration for `<service>:<action>`, or the one named `aws-sdk` for `aws-sdk:<service>:<action>`.
    pub fn find(&self, resource: &str) -> Option<&Arc<dyn Task>> {
        let name = if resource.starts_with("aws-sdk:") { "aws-sdk" } else { resource };
        self.by_resource.get(name)
    }
}
