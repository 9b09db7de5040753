//! One entry of an execution's history.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trainyard_domain::{Failure, Timestamp};
use trainyard_lang::asl::Resource;

use crate::{Start, TimerId};

/// The format that new events are written in. Older ones must always fold.
pub const FORMAT: u32 = 1;

/// What has happened, as `GetExecutionHistory` shows it, with what the fold needs besides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct HistoryEvent {
    /// The format that it was written in.
    pub format: u32,
    /// 1, 2, 3, …
    pub id: u64,
    /// The event that led to it; 0 for none.
    pub previous: u64,
    /// When.
    pub time: Timestamp,
    /// What.
    pub kind: EventKind,
}

/// The kind of state that an event is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StateType {
    /// `Task`
    Task,
    /// `Pass`
    Pass,
    /// `Choice`
    Choice,
    /// `Wait`
    Wait,
    /// `Succeed`
    Succeed,
    /// `Fail`
    Fail,
    /// `Parallel`
    Parallel,
    /// `Map`
    Map,
}

/// A retry that was decided together with the failure before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Retry {
    /// The place of the retrier in the state's `Retry`.
    pub retrier: usize,
    /// The timer that brings it.
    pub timer: TimerId,
    /// When.
    pub at: Timestamp,
}

/// What has happened. Fields marked *private* are for the fold and never shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum EventKind {
    /// The execution has begun.
    ExecutionStarted {
        /// With what. *Private* but for the input and the role.
        start: Box<Start>,
        /// *Private*: the first state.
        start_at: String,
        /// *Private*: when the execution times out.
        deadline: Option<Timestamp>,
        /// *Private*: what makes its task tokens impossible to guess.
        secret: u64,
    },
    /// A state was entered.
    StateEntered {
        /// Its kind.
        state: StateType,
        /// Its name.
        name: String,
        /// Its input.
        #[serde(with = "crate::json_text")]
        input: Value,
        /// *Private*: when a Wait state ends.
        until: Option<Timestamp>,
    },
    /// A state was left.
    StateExited {
        /// Its kind.
        state: StateType,
        /// Its name.
        name: String,
        /// Its output.
        #[serde(with = "crate::json_text")]
        output: Value,
        /// *Private*: the state that follows; none after the last.
        next: Option<String>,
    },
    /// A task is to be called.
    TaskScheduled {
        /// What is called.
        resource: Resource,
        /// In which region.
        region: String,
        /// With what.
        #[serde(with = "crate::json_text")]
        parameters: Value,
        /// In how many seconds it is to end.
        timeout: Option<u64>,
        /// In how many seconds it is to be heard of.
        heartbeat: Option<u64>,
        /// *Private*: its token.
        token: String,
    },
    /// The task is being called.
    TaskStarted {
        /// What is called.
        resource: Resource,
    },
    /// The call was answered; the task goes on.
    TaskSubmitted {
        /// What was called.
        resource: Resource,
        /// The answer.
        #[serde(with = "crate::json_text")]
        output: Value,
    },
    /// The call was refused, of a task that would have gone on.
    TaskSubmitFailed {
        /// What was called.
        resource: Resource,
        /// Why.
        failure: Failure,
        /// *Private*: the retry.
        retry: Option<Retry>,
    },
    /// The task has ended well.
    TaskSucceeded {
        /// What was called.
        resource: Resource,
        /// The result.
        #[serde(with = "crate::json_text")]
        output: Value,
    },
    /// The task has ended badly.
    TaskFailed {
        /// What was called.
        resource: Resource,
        /// Why.
        failure: Failure,
        /// *Private*: the retry.
        retry: Option<Retry>,
    },
    /// The task took too long, or was not heard of for too long.
    TaskTimedOut {
        /// What was called.
        resource: Resource,
        /// `States.Timeout`, for both.
        failure: Failure,
        /// *Private*: the retry.
        retry: Option<Retry>,
    },
    /// The execution has ended well.
    ExecutionSucceeded {
        /// With this.
        #[serde(with = "crate::json_text")]
        output: Value,
    },
    /// The execution has ended badly.
    ExecutionFailed {
        /// Why.
        failure: Failure,
    },
    /// The execution took too long.
    ExecutionTimedOut,
    /// The execution was stopped.
    ExecutionAborted {
        /// What the reason was called.
        error: Option<String>,
        /// What was said about it.
        cause: Option<String>,
    },
}

impl EventKind {
    /// Whether nothing can come after it.
    pub fn is_last(&self) -> bool {
        matches!(
            self,
            Self::ExecutionSucceeded { .. }
                | Self::ExecutionFailed { .. }
                | Self::ExecutionTimedOut
                | Self::ExecutionAborted { .. }
        )
    }
}

impl fmt::Display for StateType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
