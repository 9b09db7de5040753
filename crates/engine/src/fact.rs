//! What the world tells one execution.

use std::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trainyard_domain::{Failure, Timestamp};

use crate::Payload;

/// The moment of a decision: the only clock and the only chance that the engine knows, and how much data is taken then.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The time.
    pub now: Timestamp,
    /// A random number: UUIDs, random numbers, jitter and the secret of the task tokens follow from it.
    pub seed: u64,
    /// The most bytes of an input, an output, a result or parameters: at AWS [`crate::PAYLOAD_LIMIT`]. It is in no
    /// record: what was decided under another one stays as it is.
    pub payload_limit: usize,
}

/// What an execution is started with.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Start {
    /// `arn:…:execution:<machine>:<name>`
    pub execution_arn: String,
    /// Its name.
    pub name: String,
    /// The role that it acts in.
    pub role_arn: String,
    /// When it was started.
    pub start_time: Timestamp,
    /// Its input.
    pub input: Payload,
    /// `arn:…:stateMachine:<machine>`
    pub machine_arn: String,
    /// The machine's name.
    pub machine_name: String,
    /// How often it was redriven, for the context object; none of a synchronous express execution.
    #[serde(default = "never")]
    pub redrive_count: Option<u32>,
    /// When it was redriven the last time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redrive_time: Option<Timestamp>,
}

impl Start {
    /// What the context object says of the execution in all of its states: everything but its input.
    pub(crate) fn context(&self) -> Value {
        // A state may be tried without a role.
        let role = Some(&self.role_arn).filter(|role| !role.is_empty());
        let mut execution = json!({
            "Id": self.execution_arn,
            "StartTime": self.start_time.to_string(),
            "Name": self.name,
            "RoleArn": role,
        });
        if let Some(count) = self.redrive_count {
            execution["RedriveCount"] = count.into();
        }
        if let Some(time) = self.redrive_time {
            execution["RedriveTime"] = time.to_string().into();
        }
        json!({"Execution": execution, "StateMachine": {"Id": self.machine_arn, "Name": self.machine_name}})
    }
}

fn never() -> Option<u32> {
    Some(0)
}

/// The name of a timer: the same decision always makes the same name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TimerId(pub String);

/// Something that has happened. A fact about a task or a timer that the execution no longer waits for changes nothing.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    /// The execution begins. A second one changes nothing.
    Started(Box<Start>),
    /// The call of a task that waits (`.sync`, `.waitForTaskToken`) was answered.
    TaskSubmitted {
        /// Whose.
        token: String,
        /// The answer.
        response: Value,
    },
    /// The call of a task that waits was refused.
    TaskSubmitFailed {
        /// Whose.
        token: String,
        /// Why.
        failure: Failure,
    },
    /// A task has ended well.
    TaskSucceeded {
        /// Whose.
        token: String,
        /// Its result.
        output: Value,
    },
    /// A task has ended badly. An empty error or cause was not given at all.
    TaskFailed {
        /// Whose.
        token: String,
        /// Why.
        failure: Failure,
    },
    /// A worker has taken the task of an activity.
    TaskTaken {
        /// Whose.
        token: String,
        /// The worker's name, if it has told it.
        worker: Option<String>,
    },
    /// A map run has ended well.
    MapRunSucceeded {
        /// Whose.
        token: String,
        /// The results in the order of the items, or what was written about them.
        output: Payload,
    },
    /// A map run has ended badly.
    MapRunFailed {
        /// Whose.
        token: String,
        /// Why.
        failure: Failure,
    },
    /// A task says that it is alive.
    Heartbeat {
        /// Whose.
        token: String,
    },
    /// A timer's time has come.
    TimerFired {
        /// Which.
        timer: TimerId,
    },
    /// Somebody wants the execution to stop.
    StopAsked {
        /// What they call the reason.
        error: Option<String>,
        /// What they say about it.
        cause: Option<String>,
    },
    /// Somebody wants an execution that has not ended well to go on. Whether it may is theirs to know.
    Redriven,
}

impl TimerId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TimerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
