//! Where an execution stands, for whoever wants to see it: nothing in it that is a secret.

use std::collections::BTreeMap;

use serde::Serialize;
use trainyard_domain::Timestamp;

use crate::{
    Payload, Run,
    frame::{Frame, FrameId, Phase},
};

/// One thread of control: the execution's own, a branch of a Parallel or an iteration of a Map.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Standing {
    /// The states around it, each with the number of the branch or iteration: `Each[3]`.
    pub path: Vec<String>,
    /// The state that it is in; the one that follows, between two.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub state: Option<String>,
    /// What it does there.
    pub doing: Doing,
    /// When it entered the state.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub entered_time: Option<Timestamp>,
    /// How many attempts came before this one.
    pub retry_count: u32,
    /// The state's input, as JSON text; between two states, what the next one is given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
    /// The variables that were set here, as JSON text; those of the threads around are seen too.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
}

/// What a thread of control does.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "Kind", rename_all_fields = "PascalCase")]
pub enum Doing {
    /// It is about to enter the state.
    Enters,
    /// It has left its last state.
    Ends,
    /// It is about to do what the state is there for.
    Begins,
    /// It waits.
    Waits {
        /// Until then.
        until_time: Timestamp,
    },
    /// A task is under way.
    Calls {
        /// Which.
        resource: String,
        /// Whether the call was answered, or a worker has taken it.
        begun: bool,
    },
    /// What it did has failed, and is done again.
    Retries {
        /// When.
        until_time: Timestamp,
    },
    /// Branches or iterations are under way.
    Forks {
        /// How many there are.
        total: u32,
        /// How many have ended well.
        ended: usize,
    },
    /// A map run is under way.
    MapsOver {
        /// Its ARN.
        map_run_arn: String,
    },
    /// What it did has ended, well or not.
    Ended,
}

impl Run {
    /// Where all threads of control stand; of an execution that has not ended well, where they stood then.
    pub fn standings(&self) -> Vec<Standing> {
        self.frames().map(|(id, frame)| standing(self, id, frame)).collect()
    }
}

fn standing(run: &Run, id: FrameId, frame: &Frame) -> Standing {
    let entry = frame.phase.entry();
    let (next, handed) = match &frame.phase {
        Phase::Between { next, output } => (next.as_ref(), Some(output)),
        _ => (None, None),
    };
    let input = entry.map(|entry| &entry.input).or(handed);
    let text = |payload: &Payload| payload.text().to_owned();
    Standing {
        path: path(run, id),
        state: entry.map(|entry| &entry.state).or(next).map(ToString::to_string),
        doing: doing(&frame.phase),
        entered_time: entry.map(|entry| entry.time),
        retry_count: entry.map_or(0, |entry| entry.retry_count),
        input: input.map(text),
        variables: frame.variables.iter().map(|(name, value)| (name.clone(), text(value))).collect(),
    }
}

fn path(run: &Run, id: FrameId) -> Vec<String> {
    let mut path = Vec::new();
    let mut place = run.seen(id).and_then(|frame| frame.parent);
    while let Some(at) = place {
        let Some(around) = run.seen(at.frame) else { break };
        let state = around.phase.entry().map_or("", |entry| &*entry.state);
        path.push(format!("{state}[{}]", at.index));
        place = around.parent;
    }
    path.reverse();
    path
}

fn doing(phase: &Phase) -> Doing {
    match phase {
        Phase::Between { next: Some(_), .. } => Doing::Enters,
        Phase::Between { next: None, .. } => Doing::Ends,
        Phase::Entered(_) => Doing::Begins,
        Phase::Waiting { until, .. } => Doing::Waits { until_time: *until },
        Phase::Calling { call, .. } => {
            Doing::Calls { resource: call.resource.to_string(), begun: call.submitted || call.started }
        }
        Phase::Retrying { at, .. } => Doing::Retries { until_time: *at },
        Phase::Forked(fork) | Phase::Closed(fork) => {
            Doing::Forks { total: fork.total, ended: fork.results.len() }
        }
        Phase::MapRun { call, .. } => Doing::MapsOver { map_run_arn: call.arn.clone() },
        Phase::Answered(_) | Phase::Over => Doing::Ended,
    }
}
