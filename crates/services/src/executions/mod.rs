//! Executions of state machines.
//!
//! An execution is the fold of its history. A fact comes in ([`tell`](Executions)), the engine decides what follows,
//! and events, work and documents are committed together, so that a crash at any point loses nothing and does nothing
//! twice. The room knows no service: it calls [`task::Task`]s, and hears of the end of what they began by
//! [`crate::bus::Listener`], or by asking now and then.

mod activity;
mod aliases;
mod calls;
mod cancels;
mod carry;
mod counter;
mod earlier;
mod ears;
mod error;
mod execution;
mod express;
mod findings;
mod hands;
mod journal;
mod looks;
mod machine;
mod machines;
mod map_runs;
mod names;
mod news;
mod offers;
mod pending;
mod query;
mod record;
mod redrivable;
mod redrive;
mod routing;
mod runs;
mod settings;
mod start;
mod tags;
pub mod task;
mod tell;
mod test_state;
#[cfg(test)]
mod tests;
mod timers;
mod tokens;
mod versions;

use std::sync::{Arc, OnceLock};

use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

pub use activity::Activity;
pub use aliases::Alias;
pub use ears::Ears;
pub use error::Error;
pub use execution::{End, Execution, Parent, Status};
pub use express::Billed;
pub use findings::{Finding, Weight};
pub use looks::{Picture, Replayed};
pub use machine::{MachineType, Revision, StateMachine, Version};
pub use machines::{Described, MachineSpec, MachineUpdate};
pub use map_runs::{Child, ChildFilter, Limits, ListedChild, MapRun, MapRunStatus, PENDING_REDRIVE, Tally};
pub use offers::Handed;
pub use query::{Direction, HistoryPage};
pub use redrivable::{Redrivable, Redrives};
pub use routing::{Route, RouteSpec};
pub use settings::{Destination, Encryption, Group, KeyOwner, Level, Logging};
pub use start::StartSpec;
pub use test_state::{Configuration, ErrorDetails, Inspection, Mock, MockFailure, Rigour, TestSpec, Tested};
pub use tokens::Answer;
/// One entry of a history: what [`HistoryPage`] is made of.
pub use trainyard_engine::HistoryEvent;
/// AWS's limit of data, in bytes.
pub use trainyard_engine::PAYLOAD_LIMIT;
/// Where the threads of control of an execution stand: what [`Picture`] is made of.
pub use trainyard_engine::{Doing, Standing};

use crate::{artifacts::Artifacts, ground::Ground, logs::Logs, tasks::Tasks, work};

/// The most bytes of data that executions can be told to take. Data is in memory several times while a state is decided,
/// and what its expressions make of so much may take half a GiB; an item that a map run reads has no more bytes either.
pub const MOST_PAYLOAD: usize = 16 * 1024 * 1024;

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Executions {
    ground: Ground,
    logs: Logs,
    artifacts: Artifacts,
    /// Later rooms stand behind these, so they come when all rooms are there.
    tasks: Arc<OnceLock<Tasks>>,
    runs: Arc<runs::Runs>,
    /// Places for express executions.
    places: Arc<Semaphore>,
    /// Where tasks of activities are handed out.
    counter: Arc<counter::Counter>,
    /// The most bytes of data that an execution is given or hands on.
    payload_limit: usize,
}

impl Executions {
    /// On this ground; what executions are to log goes to `logs`, map runs read and write `artifacts`.
    pub fn new(ground: Ground, logs: Logs, artifacts: Artifacts) -> Self {
        let (tasks, runs, counter) = (Arc::default(), Arc::default(), Arc::default());
        let places = express::places();
        Self { ground, logs, artifacts, tasks, runs, places, counter, payload_limit: PAYLOAD_LIMIT }
    }

    /// The same where executions are given and hand on so many bytes of data in place of AWS's 256 KiB. What executions
    /// have already stays with them, also if it is more.
    #[must_use]
    pub fn taking(self, payload_limit: usize) -> Self {
        Self { payload_limit, ..self }
    }

    /// The most bytes of data that an execution is given or hands on.
    pub fn payload_limit(&self) -> usize {
        self.payload_limit
    }

    /// What tasks there are. Said once, when all rooms are there and before anything is served; a second time does
    /// nothing.
    pub fn equip(&self, tasks: Tasks) {
        let _ = self.tasks.set(tasks);
    }

    /// Runs the room's loops until `stop`.
    pub async fn watch(&self, stop: CancellationToken) {
        if let Err(error) = self.take_over_offers().await {
            tracing::error!(%error, "tasks that an earlier version of this server offered are not offered");
        }
        let ground = || self.ground.clone();
        let calls = work::run(ground(), Arc::new(calls::Calls(self.clone())), stop.clone());
        let observations = work::run(ground(), Arc::new(pending::Observations(self.clone())), stop.clone());
        let timers = work::run(ground(), Arc::new(timers::Timers(self.clone())), stop.clone());
        let map_runs = work::run(ground(), Arc::new(map_runs::MapRuns(self.clone())), stop.clone());
        let cancels = work::run(ground(), Arc::new(cancels::Cancels(self.clone())), stop.clone());
        let journals = work::run(ground(), Arc::new(journal::Journals(self.clone())), stop);
        futures::join!(calls, observations, timers, map_runs, cancels, journals);
    }
}
