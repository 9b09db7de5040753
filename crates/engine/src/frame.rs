//! Threads of control: the execution's own, and one for each branch and each iteration that is under way.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_lang::asl::Resource;

use crate::{Payload, TimerId, shelf::Shelf};

/// The number of a frame: 0 for the root, then 1, 2, 3, … as they begin.
pub(crate) type FrameId = u64;
/// The execution itself.
pub(crate) const ROOT: FrameId = 0;

/// One thread of control.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Frame {
    /// Where it belongs; none for the root.
    pub(crate) parent: Option<Place>,
    /// The last event of this thread: what the next one follows from.
    pub(crate) last: u64,
    /// What was assigned here. Frames inside see it too.
    pub(crate) variables: Arc<BTreeMap<String, Payload>>,
    pub(crate) phase: Phase,
}

/// A branch of a Parallel state, or an iteration of a Map state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Place {
    /// The frame that the state is in.
    pub(crate) frame: FrameId,
    /// Which branch or item.
    pub(crate) index: u32,
}

/// Where a thread of control stands.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) enum Phase {
    /// Between two states; `next` is none after the last one.
    Between { next: Option<Arc<str>>, output: Payload },
    /// In a state that has not done anything yet.
    Entered(Entry),
    /// In a Wait state.
    Waiting { entry: Entry, until: Timestamp },
    /// A task is under way.
    Calling { entry: Entry, call: Call },
    /// What a state did has failed, and is done again later.
    Retrying { entry: Entry, timer: TimerId, at: Timestamp },
    /// In a Parallel or an inline Map, whose branches or iterations are under way.
    Forked(Box<Fork>),
    /// In a distributed Map, whose map run is under way.
    MapRun { entry: Entry, call: MapCall },
    /// What a state did has given its result, or failed for good.
    Answered(Entry),
    /// The same of a Parallel or an inline Map: what has become of its branches is kept for a redrive.
    Closed(Box<Fork>),
    /// Nothing comes any more.
    #[default]
    Over,
}

/// A state that was entered and not left.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Entry {
    pub(crate) state: Arc<str>,
    /// The event of the entry.
    pub(crate) id: u64,
    /// The event that led to it.
    pub(crate) previous: u64,
    pub(crate) time: Timestamp,
    pub(crate) input: Payload,
    /// How many attempts of what it does came before.
    pub(crate) retry_count: u32,
    /// How many of them each retrier has asked for.
    pub(crate) retries: BTreeMap<usize, u32>,
    /// Which redrive of the execution it goes on in; 0 before the first. What it begins then has names of its own.
    pub(crate) redrive: u32,
    /// The map run that it has begun: a redrive goes on with that one.
    pub(crate) map_run: Option<Box<MapCall>>,
}

impl Entry {
    /// The state as a redrive, told by that event, finds it: nothing of it was tried before.
    pub(crate) fn redriven(self, redrive: u32, previous: u64) -> Self {
        Self { previous, retry_count: 0, retries: BTreeMap::new(), redrive, ..self }
    }
}

/// A task that is under way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Call {
    pub(crate) token: String,
    pub(crate) resource: Resource,
    pub(crate) timeout: Option<u64>,
    pub(crate) heartbeat: Option<u64>,
    /// Whether a worker has taken it: an activity waits for one.
    pub(crate) started: bool,
    pub(crate) submitted: bool,
}

/// A map run that is under way.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct MapCall {
    pub(crate) token: String,
    pub(crate) arn: String,
    /// How often it was redriven.
    pub(crate) redrives: u32,
    /// Whether it has ended well.
    pub(crate) succeeded: bool,
}

/// What a Parallel or a Map has begun.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fork {
    pub(crate) entry: Entry,
    /// Whether it is a Map.
    pub(crate) iterates: bool,
    /// The event that it started with.
    pub(crate) started: u64,
    /// The items of a Map; what all branches of a Parallel are given.
    pub(crate) input: Payload,
    /// How many branches or items there are.
    pub(crate) total: u32,
    /// The first one that was not begun.
    pub(crate) next: u32,
    /// How many may be under way at once.
    pub(crate) limit: u32,
    /// Those under way, by index.
    pub(crate) open: Shelf<FrameId>,
    /// What those that have ended gave, by index.
    pub(crate) results: Shelf<Payload>,
    /// The last events of those that have ended: what those that take their room follow from.
    pub(crate) freed: Vec<u64>,
}

impl Frame {
    /// Whether it can go on without anything happening first.
    pub(crate) fn is_ready(&self) -> bool {
        match &self.phase {
            Phase::Between { .. } | Phase::Entered(_) => true,
            Phase::Forked(fork) => fork.has_room() || fork.is_done(),
            Phase::Waiting { .. }
            | Phase::Calling { .. }
            | Phase::Retrying { .. }
            | Phase::MapRun { .. }
            | Phase::Answered(_)
            | Phase::Closed(_)
            | Phase::Over => false,
        }
    }
}

impl Fork {
    pub(crate) fn has_room(&self) -> bool {
        self.next < self.total && self.open.len() < self.limit as usize
    }

    pub(crate) fn is_done(&self) -> bool {
        self.next >= self.total && self.open.is_empty()
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
            | Self::MapRun { entry, .. }
            | Self::Answered(entry) => Some(entry),
            Self::Forked(fork) | Self::Closed(fork) => Some(&fork.entry),
            Self::Between { .. } | Self::Over => None,
        }
    }

    /// The state that was entered and not left, by itself.
    pub(crate) fn into_entry(self) -> Option<Entry> {
        match self {
            Self::Entered(entry)
            | Self::Waiting { entry, .. }
            | Self::Calling { entry, .. }
            | Self::Retrying { entry, .. }
            | Self::MapRun { entry, .. }
            | Self::Answered(entry) => Some(entry),
            Self::Forked(fork) | Self::Closed(fork) => Some(fork.entry),
            Self::Between { .. } | Self::Over => None,
        }
    }

    /// The token of the work that it waits for.
    pub(crate) fn token(&self) -> Option<&str> {
        match self {
            Self::Calling { call, .. } => Some(&call.token),
            Self::MapRun { call, .. } => Some(&call.token),
            Self::Between { .. }
            | Self::Entered(_)
            | Self::Waiting { .. }
            | Self::Retrying { .. }
            | Self::Forked(_)
            | Self::Answered(_)
            | Self::Closed(_)
            | Self::Over => None,
        }
    }

    /// The frames that it has begun and that have not ended.
    pub(crate) fn children(&self) -> Vec<FrameId> {
        match self {
            Self::Forked(fork) | Self::Closed(fork) => fork.open.iter().map(|(_, id)| *id).collect(),
            _ => Vec::new(),
        }
    }
}
