//! Schedules: at a time, or again and again, an operation of a service is called. EventBridge Scheduler.
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/what-is-scheduler.html>
//!
//! A schedule's next time is due work, put down in the commit that makes the schedule or that begins the time before:
//! it is begun once, whenever the server ends. Of the times that went by while the server was down the last one is
//! made up for, if the schedule's patience allows. The room knows no other room: it calls through a [`Caller`], which
//! has the same operations as the `aws-sdk:` tasks of state machines.

mod call;
mod check;
mod context;
mod decide;
mod error;
mod group;
mod groups;
mod letter;
mod schedule;
mod spec;
#[cfg(test)]
mod tests;
mod verbs;
mod watch;

use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use serde_json::Value;
use trainyard_domain::{Principal, Scope};

pub use error::Error;
pub use group::{Group, GroupState, Tag};
pub use schedule::Schedule;
pub use spec::{Completion, DeadLetters, Mode, Retries, ScheduleSpec, State, Target, Window};
pub use verbs::Asked;

use crate::{ground::Ground, identity::Identity};

/// The group that is always there.
pub const DEFAULT_GROUP: &str = "default";

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Schedules {
    ground: Ground,
    identity: Identity,
    /// All operations stand behind it, so it comes when all rooms are there.
    caller: Arc<OnceLock<Arc<dyn Caller>>>,
}

/// Calls operations of this server's services by the names that AWS's SDKs give them.
#[async_trait]
pub trait Caller: Send + Sync {
    /// Whether there is such an operation here.
    fn offers(&self, service: &str, action: &str) -> bool;

    /// Calls it. It may be called again with the same token, after a crash: it must not have its effect twice.
    async fn call(&self, call: &Call) -> Result<(), CallError>;
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The same at every attempt.
    pub token: String,
    /// In whose name.
    pub principal: Principal,
    /// Where.
    pub scope: Scope,
    /// The service, as in `aws-sdk:<service>:<action>`.
    pub service: String,
    /// The operation, with a small first letter.
    pub action: String,
    /// Its members, named as the API's reference does, with a capital first letter.
    pub input: Value,
}

/// Why a call did not succeed.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub struct CallError {
    /// The API's name for it.
    pub code: String,
    /// For a person.
    pub message: String,
    /// Whether a later attempt may succeed.
    pub retry: bool,
}

/// Refuses a text that is no name of a schedule or a group.
pub fn check_name(name: &str) -> Result<(), Error> {
    check::name(name, "name")
}

impl Schedules {
    /// On this ground; roles are looked up in `identity`.
    pub fn new(ground: Ground, identity: Identity) -> Self {
        Self { ground, identity, caller: Arc::default() }
    }

    /// Who makes the calls. Said once, when all rooms are there and before anything is served; a second time does
    /// nothing.
    pub fn meet(&self, caller: Arc<dyn Caller>) {
        let _ = self.caller.set(caller);
    }
}
