//! What an execution wants done.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trainyard_domain::{Failure, Timestamp};
use trainyard_lang::asl::Resource;

use crate::{HistoryEvent, Payload, TimerId};

/// What the context object calls the source of items that are not read from anywhere.
pub(crate) const STATE_DATA: &str = "STATE_DATA";

/// What follows from a fact: both halves are committed together, before any command is carried out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decision {
    /// What is added to the history.
    pub events: Vec<HistoryEvent>,
    /// What is to be done then.
    pub commands: Vec<Command>,
}

impl Decision {
    /// What was decided after it comes after it.
    pub fn extend(&mut self, next: Self) {
        self.events.extend(next.events);
        self.commands.extend(next.commands);
    }
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
        /// What was called.
        resource: Resource,
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
    /// Carries out a map run, and tells how it ended. Its token is the same whenever the same decision is made again.
    StartMapRun(Box<MapRunCall>),
    /// Goes on with a map run that has not ended well: with what is asked for under its new token. One that has read
    /// its items has them already.
    RedriveMapRun(Box<MapRunCall>),
    /// Nobody waits for the map run any more. It may have ended, or never begun.
    StopMapRun {
        /// The token of the work.
        token: String,
        /// The map run.
        arn: String,
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
    #[serde(with = "crate::payload::plain")]
    pub parameters: Payload,
    /// In which role, if not the execution's.
    #[serde(default)]
    pub role: Option<String>,
    /// By which state.
    pub state_name: String,
    /// How many attempts came before this one.
    pub retry_count: u32,
    /// In how many seconds it is to end.
    pub timeout: Option<u64>,
    /// In how many seconds it is to be heard of.
    pub heartbeat: Option<u64>,
}

/// A map run to be carried out: a child execution for each item, or for each batch of items.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MapRunCall {
    /// Made of execution, entry of the state, and attempt.
    pub token: String,
    /// The map run's name: `arn:…:mapRun:<machine>/<label>:<id>`
    pub arn: String,
    /// What its children are executions of, by name: `<machine>/<label>`.
    pub machine: String,
    /// By which state.
    pub state_name: String,
    /// Where that state is in the definition, as a JSON pointer.
    pub pointer: String,
    /// Where the items come from.
    pub items: ItemSource,
    /// How many children may run at once; 0 for as many as there may be.
    pub concurrency: u64,
    /// How many items may fail; none if that was not said.
    pub tolerated_count: Option<u64>,
    /// Which part of the items may fail, of 100; none if that was not said.
    pub tolerated_percentage: Option<f64>,
    /// How items are put together.
    pub batch: Option<Batch>,
    /// Where the results are written; none if they are the state's result themselves.
    pub results: Option<ResultSink>,
}

/// Where a map run's items come from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum ItemSource {
    /// This list, or the members of this object.
    Here(Payload),
    /// They are read.
    Reader {
        /// By which action.
        resource: Resource,
        /// With what.
        arguments: Payload,
        /// At most so many.
        most: Option<u64>,
    },
}

impl ItemSource {
    /// The items, if they are here; the members of an object as AWS makes items of them.
    pub fn here(&self) -> Option<Vec<Value>> {
        let Self::Here(items) = self else { return None };
        Some(match items.value() {
            Value::Array(items) => items.clone(),
            Value::Object(members) => {
                members.iter().map(|(name, value)| json!({"Key": name, "Value": value})).collect()
            }
            _ => Vec::new(),
        })
    }

    /// Whether each item is a member of an object.
    pub(crate) fn has_keys(&self) -> bool {
        matches!(self, Self::Here(items) if items.is_object())
    }

    /// What the context object of each item calls it.
    /// <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html>
    pub(crate) fn name(&self) -> String {
        let Self::Reader { arguments, .. } = self else { return STATE_DATA.to_owned() };
        let part = |name: &str| arguments.get(name).and_then(Value::as_str);
        let bucket = part("Bucket").unwrap_or_default();
        part("Key").map_or_else(|| format!("S3://{bucket}"), |key| format!("S3://{bucket}/{key}"))
    }
}

/// How items are put together for one child execution.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// At most so many.
    pub max_items: Option<u64>,
    /// At most so many bytes.
    pub max_bytes: Option<u64>,
    /// What each batch gets besides.
    pub input: Option<Payload>,
}

/// Where results are written.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResultSink {
    /// By which action; none if they are only given another form.
    pub resource: Option<Resource>,
    /// With what.
    pub arguments: Payload,
}

/// How an execution has ended.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Outcome {
    /// Well.
    Succeeded {
        /// With this.
        #[serde(with = "crate::payload::plain")]
        output: Payload,
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
