//! What an execution wants done.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trainyard_domain::{Failure, Timestamp};
use trainyard_lang::asl::Resource;

use crate::{HistoryEvent, TimerId};

/// What follows from a fact: both halves are committed together, before any command is carried out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// What is added to the history.
    pub events: Vec<HistoryEvent>,
    /// What is to be done then.
    pub commands: Vec<Command>,
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Command {
    /// Calls a task. The token is the same whenever the same decision is made again: at most one job for it.
    RunTask(TaskCall),
    /// Nobody waits for the task any more. It may have ended, or never begun.
    CancelTask {
        /// Whose.
        token: String,
    },
    /// Tells [`crate::Fact::TimerFired`] at that time. A timer of that name that is set already is moved.
    WakeAt {
        /// Which.
        timer: TimerId,
        /// When.
        at: Timestamp,
    },
    /// The timer is not needed any more. It may have fired.
    ForgetTimer {
        /// Which.
        timer: TimerId,
    },
    /// The execution is over.
    Finish(Outcome),
}

/// A task to be called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TaskCall {
    /// Made of execution, entry of the state, and attempt.
    pub token: String,
    /// What is called.
    pub resource: Resource,
    /// With what.
    pub parameters: Value,
    /// By which state.
    pub state_name: String,
    /// How many attempts came before this one.
    pub retry_count: u32,
    /// In how many seconds it is to end.
    pub timeout: Option<u64>,
    /// In how many seconds it is to be heard of.
    pub heartbeat: Option<u64>,
}

/// How an execution has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// Well.
    Succeeded {
        /// With this.
        output: Value,
    },
    /// Badly.
    Failed {
        /// Why. An empty error or cause was not given at all.
        failure: Failure,
    },
    /// It took longer than the definition's `TimeoutSeconds`.
    TimedOut,
    /// Somebody has stopped it.
    Aborted {
        /// What they called the reason.
        error: Option<String>,
        /// What they said about it.
        cause: Option<String>,
    },
}
