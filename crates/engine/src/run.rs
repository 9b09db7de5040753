//! One execution as its history tells it.

use std::collections::BTreeMap;

use serde_json::Value;
use trainyard_domain::Timestamp;
use trainyard_lang::asl::Resource;

use crate::{HistoryEvent, Outcome, Start, TimerId, apply};

/// An execution: the fold of its history, and nothing else.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Run {
    pub(crate) start: Option<Box<Start>>,
    pub(crate) secret: u64,
    pub(crate) deadline: Option<Timestamp>,
    pub(crate) last_id: u64,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) frame: Frame,
}

/// One thread of control. Branches and iterations will each have their own.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Frame {
    /// The last event of this thread: what the next one follows from.
    pub(crate) last: u64,
    pub(crate) phase: Phase,
}

/// Where a thread of control stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Phase {
    /// Not begun.
    #[default]
    Idle,
    /// Between two states; `next` is none after the last one.
    Between { next: Option<String>, output: Value },
    /// In a state that has not done anything yet.
    Entered(Entry),
    /// In a Wait state.
    Waiting { entry: Entry, until: Timestamp },
    /// A task is under way.
    Calling { entry: Entry, call: Call },
    /// A task has failed and is called again later.
    Retrying { entry: Entry, timer: TimerId, at: Timestamp },
    /// A task has given its result, or failed for good.
    Answered(Entry),
    /// Nothing comes any more.
    Over,
}

/// A state that was entered and not left.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) state: String,
    /// The event of the entry.
    pub(crate) id: u64,
    pub(crate) time: Timestamp,
    pub(crate) input: Value,
    /// How many attempts of its task came before.
    pub(crate) retry_count: u32,
    /// How many of them each retrier has asked for.
    pub(crate) retries: BTreeMap<usize, u32>,
}

/// A task that is under way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) token: String,
    pub(crate) resource: Resource,
    pub(crate) timeout: Option<u64>,
    pub(crate) heartbeat: Option<u64>,
    pub(crate) submitted: bool,
}

impl Run {
    /// The run that a history, or a prefix of one, tells.
    pub fn fold<'e>(events: impl IntoIterator<Item = &'e HistoryEvent>) -> Self {
        let mut run = Self::default();
        for event in events {
            apply(&mut run, event);
        }
        run
    }

    /// What it was started with; none before that.
    pub fn start(&self) -> Option<&Start> {
        self.start.as_deref()
    }

    /// How it has ended; none while it runs.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcome.as_ref()
    }

    /// The id of its last event; 0 before the first.
    pub fn last_event_id(&self) -> u64 {
        self.last_id
    }

    /// The name of the state that it is in.
    pub fn state_name(&self) -> Option<&str> {
        self.frame.phase.entry().map(|entry| entry.state.as_str())
    }

    /// The tokens of the tasks under way.
    pub fn open_tokens(&self) -> Vec<&str> {
        match &self.frame.phase {
            Phase::Calling { call, .. } => vec![&call.token],
            _ => Vec::new(),
        }
    }
}

impl Phase {
    /// The state that was entered and not left.
    pub(crate) fn entry(&self) -> Option<&Entry> {
        match self {
            Self::Entered(entry)
            | Self::Waiting { entry, .. }
            | Self::Calling { entry, .. }
            | Self::Retrying { entry, .. }
            | Self::Answered(entry) => Some(entry),
            Self::Idle | Self::Between { .. } | Self::Over => None,
        }
    }
}
