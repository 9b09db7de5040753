//! One entry of an execution's history.

use std::{collections::BTreeMap, fmt, sync::Arc};

use serde::{Deserialize, Serialize};
use trainyard_domain::{Failure, Timestamp};
use trainyard_lang::asl::Resource;

use crate::{Payload, Start, TimerId, frame::FrameId};

/// The format that new events are written in. Older ones must always fold.
pub const FORMAT: u32 = 2;

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
    /// *Private*: the thread of control that it is about. All that the first format knew was the root.
    #[serde(default, skip_serializing_if = "is_root")]
    pub(crate) frame: FrameId,
    /// *Private*: what followed from it without an event of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) sequel: Option<Box<Sequel>>,
    /// What.
    pub kind: EventKind,
}

fn is_root(frame: &FrameId) -> bool {
    *frame == crate::frame::ROOT
}

/// What a state did has failed, and is done again later: AWS shows that of its tasks only.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sequel {
    /// The frame of that state.
    pub(crate) frame: FrameId,
    /// The retry.
    pub(crate) retry: Retry,
    /// The event that the next attempt follows from.
    pub(crate) from: u64,
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
        start: Arc<Start>,
        /// *Private*: the first state.
        start_at: Arc<str>,
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
        name: Arc<str>,
        /// Its input.
        input: Payload,
        /// *Private*: when a Wait state ends.
        until: Option<Timestamp>,
    },
    /// A state was left.
    StateExited {
        /// Its kind.
        state: StateType,
        /// Its name.
        name: Arc<str>,
        /// Its output.
        output: Payload,
        /// The variables that it has set.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        assigned: BTreeMap<String, Payload>,
        /// *Private*: the state that follows; none after the last.
        next: Option<Arc<str>>,
    },
    /// An expression could not be evaluated.
    EvaluationFailed {
        /// Why.
        failure: Failure,
        /// The field that it is in, if it is in one.
        location: Option<String>,
        /// The state.
        state: Arc<str>,
    },
    /// The branches of a Parallel state begin.
    ParallelStateStarted {
        /// *Private*: what each is given.
        input: Payload,
        /// *Private*: the first state of each.
        branches: Vec<Arc<str>>,
    },
    /// All branches have ended well.
    ParallelStateSucceeded,
    /// A branch has ended badly.
    ParallelStateFailed,
    /// A Map state has its items.
    MapStateStarted {
        /// How many, as far as is known now.
        length: u32,
        /// *Private*: the items of an inline Map.
        items: Option<Payload>,
        /// *Private*: how many iterations may be under way at once.
        concurrency: u32,
    },
    /// An iteration begins.
    MapIterationStarted {
        /// The Map state.
        name: Arc<str>,
        /// Which.
        index: u32,
        /// *Private*: the frame of the state.
        of: FrameId,
        /// *Private*: the first state.
        start_at: Arc<str>,
        /// *Private*: what it is given.
        input: Payload,
    },
    /// An iteration has ended well.
    MapIterationSucceeded {
        /// The Map state.
        name: Arc<str>,
        /// Which.
        index: u32,
    },
    /// An iteration has ended badly.
    MapIterationFailed {
        /// The Map state.
        name: Arc<str>,
        /// Which.
        index: u32,
    },
    /// An iteration was given up, since another has failed.
    MapIterationAborted {
        /// The Map state.
        name: Arc<str>,
        /// Which.
        index: u32,
    },
    /// All iterations have ended well, or well enough.
    MapStateSucceeded,
    /// The iterations have ended badly.
    MapStateFailed,
    /// A state was given up, since another branch or iteration has failed.
    StateAborted {
        /// Its kind.
        state: StateType,
    },
    /// The map run of a distributed Map begins.
    MapRunStarted {
        /// Its ARN.
        arn: String,
        /// *Private*: the token of the work.
        token: String,
    },
    /// The map run goes on with what has not ended well in it.
    MapRunRedriven {
        /// Its ARN.
        arn: String,
        /// How often it was redriven.
        count: u32,
        /// *Private*: the token of the work.
        token: String,
    },
    /// The map run has ended well.
    MapRunSucceeded,
    /// The map run has ended badly.
    MapRunFailed {
        /// Why.
        failure: Failure,
    },
    /// The map run was given up, since another branch or iteration has failed.
    MapRunAborted,
    /// A task is to be called.
    TaskScheduled {
        /// What is called.
        resource: Resource,
        /// In which region.
        region: String,
        /// With what.
        parameters: Payload,
        /// In how many seconds it is to end.
        timeout: Option<u64>,
        /// In how many seconds it is to be heard of.
        heartbeat: Option<u64>,
        /// The role that the call is made in, if it is not the execution's.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        role: Option<String>,
        /// *Private*: its token.
        token: String,
    },
    /// The task is being called; an activity: a worker has taken it.
    TaskStarted {
        /// What is called.
        resource: Resource,
        /// The worker of an activity, if it has told its name.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        worker: Option<String>,
    },
    /// The call was answered; the task goes on.
    TaskSubmitted {
        /// What was called.
        resource: Resource,
        /// The answer.
        output: Payload,
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
        output: Payload,
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
        output: Payload,
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
    /// The execution has not ended well, and goes on from where it stood.
    ExecutionRedriven {
        /// How often it was redriven.
        count: u32,
        /// *Private*: when the execution times out.
        deadline: Option<Timestamp>,
        /// *Private*: the frames that do something else than what they stood in.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        resumed: Vec<Resumed>,
    },
}

/// How a frame goes on in a redrive, if it does not just do its state's work again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Resumed {
    pub(crate) frame: FrameId,
    pub(crate) how: Resume,
}

/// <https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html>
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) enum Resume {
    /// It enters its state once more.
    Enter,
    /// It waits until then.
    Wait(Timestamp),
    /// Its branches, iterations or children all begin once more, those that ended well too.
    Anew,
}

impl HistoryEvent {
    /// How many bytes the largest piece of data in it has.
    pub fn largest(&self) -> usize {
        self.kind.payloads().map(|data| data.text().len()).max().unwrap_or_default()
    }
}

impl EventKind {
    /// The data in it.
    fn payloads(&self) -> impl Iterator<Item = &Payload> {
        let (one, more) = match self {
            Self::ExecutionStarted { start, .. } => (Some(&start.input), None),
            Self::StateEntered { input, .. }
            | Self::ParallelStateStarted { input, .. }
            | Self::MapIterationStarted { input, .. } => (Some(input), None),
            Self::MapStateStarted { items, .. } => (items.as_ref(), None),
            Self::StateExited { output, assigned, .. } => (Some(output), Some(assigned.values())),
            Self::TaskScheduled { parameters, .. } => (Some(parameters), None),
            Self::TaskSubmitted { output, .. }
            | Self::TaskSucceeded { output, .. }
            | Self::ExecutionSucceeded { output } => (Some(output), None),
            Self::EvaluationFailed { .. }
            | Self::ParallelStateSucceeded
            | Self::ParallelStateFailed
            | Self::MapIterationSucceeded { .. }
            | Self::MapIterationFailed { .. }
            | Self::MapIterationAborted { .. }
            | Self::MapStateSucceeded
            | Self::MapStateFailed
            | Self::StateAborted { .. }
            | Self::MapRunStarted { .. }
            | Self::MapRunRedriven { .. }
            | Self::MapRunSucceeded
            | Self::MapRunFailed { .. }
            | Self::MapRunAborted
            | Self::TaskStarted { .. }
            | Self::TaskSubmitFailed { .. }
            | Self::TaskFailed { .. }
            | Self::TaskTimedOut { .. }
            | Self::ExecutionFailed { .. }
            | Self::ExecutionTimedOut
            | Self::ExecutionAborted { .. }
            | Self::ExecutionRedriven { .. } => (None, None),
        };
        one.into_iter().chain(more.into_iter().flatten())
    }

    /// Whether nothing can come after it but a redrive.
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
