//! What a replay is. Pure.

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Event, Scope, Timestamp, event};
use trainyard_store::{Keys, Noun};

use crate::{bus::Error, violations::Violations};

/// A replay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Replay {
    /// Where.
    pub scope: Scope,
    /// Its name, unique in the scope.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The archive.
    pub archive: Arn,
    /// The id that the archive's events are kept under.
    pub(super) archive_id: String,
    /// The bus that the events are told on: the one that they are from.
    pub destination: Arn,
    /// The ARNs of the rules that they are for; empty: all of them.
    pub rules: Vec<String>,
    /// Events from this moment on.
    pub from: Timestamp,
    /// Events before this moment.
    pub until: Timestamp,
    /// How far it is.
    pub state: ReplayState,
    /// Why it is so.
    pub reason: Option<String>,
    /// The time of the last event that was told.
    pub last: Option<Timestamp>,
    /// When it was started.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// The last event that was told, by its id in the archive.
    pub(super) told: Option<String>,
}

/// How far a replay is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum ReplayState {
    /// Nothing was told yet.
    Starting,
    /// Events are told.
    Running,
    /// It is to end.
    Cancelling,
    /// All was told.
    Completed,
    /// It was ended.
    Cancelled,
    /// It cannot go on.
    Failed,
}

/// What a replay is started with.
#[derive(Clone, Debug, PartialEq)]
pub struct ReplaySpec {
    /// Its name.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// The archive's ARN.
    pub archive: String,
    /// The bus's ARN.
    pub destination: String,
    /// The ARNs of the rules that the events are for; empty: all of them.
    pub rules: Vec<String>,
    /// Events from this moment on.
    pub from: Timestamp,
    /// Events before this moment.
    pub until: Timestamp,
}

/// Which replays are asked for: at most one thing can be said of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReplayFilter {
    /// Their names begin so.
    pub prefix: Option<String>,
    /// The ARN of their archive.
    pub archive: Option<String>,
    /// Their state.
    pub state: Option<String>,
}

impl ReplayState {
    /// The states of replays that have not ended.
    pub(super) const ACTIVE: [Self; 3] = [Self::Starting, Self::Running, Self::Cancelling];
    const NAMES: [&'static str; 6] =
        ["STARTING", "RUNNING", "CANCELLING", "COMPLETED", "CANCELLED", "FAILED"];

    /// As AWS names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Starting => "STARTING",
            Self::Running => "RUNNING",
            Self::Cancelling => "CANCELLING",
            Self::Completed => "COMPLETED",
            Self::Cancelled => "CANCELLED",
            Self::Failed => "FAILED",
        }
    }
}

impl Replay {
    /// Its ARN.
    pub fn arn(&self) -> Arn {
        Arn::new("events", &self.scope, format!("replay/{}", self.name))
    }

    /// The archive's name.
    pub(super) fn archive_name(&self) -> &str {
        self.archive.resource_of("archive").unwrap_or_default()
    }

    /// The event as this replay tells it.
    pub(super) fn again(&self, mut event: Event) -> Event {
        event.way.replay = Some(event::Replay { name: self.name.clone(), rules: self.rules.clone() });
        event
    }

    pub(super) fn end(&mut self, state: ReplayState, now: Timestamp) {
        self.state = state;
        self.ended = Some(now);
    }
}

impl ReplaySpec {
    pub(super) fn check(&self) -> Result<(), Error> {
        let mut wrong = Violations::default();
        wrong.name(&self.name, "replayName", 64);
        wrong.optional(self.description.as_deref(), "description", 0, 512);
        wrong.length((&self.archive, "eventSourceArn"), 1, 1600);
        wrong.length((&self.destination, "destination.arn"), 1, 1600);
        wrong.finish().map_err(Error::Invalid)?;
        if self.until <= self.from {
            return Err(not_valid("EventEndTime", "EventStartTime must be before EventEndTime."));
        }
        Ok(())
    }
}

/// AWS's words for a parameter that does not do.
pub(super) fn not_valid(parameter: &str, reason: &str) -> Error {
    Error::Invalid(format!("Parameter {parameter} is not valid. Reason: {reason}"))
}

impl ReplayFilter {
    pub(super) fn check(&self) -> Result<(), Error> {
        let mut wrong = Violations::default();
        wrong.optional(self.prefix.as_deref(), "namePrefix", 1, 64);
        if let Some(state) = &self.state {
            wrong.one_of(state, "state", &ReplayState::NAMES);
        }
        wrong.finish().map_err(Error::Invalid)?;
        let given = [&self.prefix, &self.archive, &self.state].into_iter().flatten().count();
        if given > 1 {
            let words = "At most one filter is allowed for ListReplays. Use either : State, EventSourceArn, or NamePrefix.";
            return Err(Error::Invalid(words.to_owned()));
        }
        Ok(())
    }
}

impl Noun for Replay {
    const KIND: &'static str = "replay";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        self.name.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add("archive", self.archive.to_string());
        keys.add("state", self.state.name());
    }
}
