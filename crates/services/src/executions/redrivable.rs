//! Whether an execution can be redriven, and what is kept of its redrives. Pure.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html>

use std::time::Duration;

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;
use trainyard_engine::REDRIVE_LIMIT;

use super::execution::{Execution, Status};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);
/// How long after its end an execution can be redriven.
const PERIOD: Duration = DAY.saturating_mul(14);
/// How long an execution may be open, from its start on.
const LONGEST: Duration = DAY.saturating_mul(365);
/// The most redrives of an execution, or of a map run.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/redrive-map-run.html>
pub(super) const MOST_REDRIVES: u32 = 1000;
/// So many client tokens are known, for so long.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html>
const TOKENS: usize = 10;
const TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);

/// Whether an execution can be redriven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Redrivable {
    /// It can.
    Yes,
    /// With its map run, and so with the execution that this belongs to.
    ByMapRun,
    /// It cannot, for this reason in AWS's words.
    No(&'static str),
}

impl Redrivable {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Yes => "REDRIVABLE",
            Self::ByMapRun => "REDRIVABLE_BY_MAP_RUN",
            Self::No(_) => "NOT_REDRIVABLE",
        }
    }

    /// Why not.
    pub fn reason(self) -> Option<&'static str> {
        match self {
            Self::Yes | Self::ByMapRun => None,
            Self::No(reason) => Some(reason),
        }
    }
}

/// Its history has no room for going on.
pub(super) const TOO_LONG: &str = "Execution history event limit exceeded";

impl Execution {
    /// Whether it can be redriven, as far as it knows itself.
    pub(super) fn redrivable(&self, now: Timestamp) -> Redrivable {
        let events = self.end.as_ref().map_or(0, |end| end.events);
        let ended = self.end.as_ref().map_or(now, |end| end.at);
        let child = self.child.as_ref();
        match self.status {
            Status::Running => Redrivable::No("Execution is RUNNING and cannot be redriven"),
            Status::Succeeded => Redrivable::No("Execution is SUCCEEDED and cannot be redriven"),
            Status::Failed | Status::TimedOut | Status::Aborted => match child {
                // It begins anew, however long it was.
                Some(child) if child.is_express() => Redrivable::ByMapRun,
                _ if now.since(ended) > PERIOD => Redrivable::No("Execution redrivable period exceeded"),
                _ if now.since(self.started) > LONGEST => {
                    Redrivable::No("Execution has exceeded the max execution time")
                }
                _ if events >= REDRIVE_LIMIT => Redrivable::No(TOO_LONG),
                _ if self.redrives.count >= MOST_REDRIVES => {
                    Redrivable::No("Execution redrive limit exceeded")
                }
                Some(_) => Redrivable::ByMapRun,
                None => Redrivable::Yes,
            },
        }
    }

    /// It goes on.
    pub(super) fn redrive(&mut self, now: Timestamp, token: Option<String>) {
        (self.status, self.end) = (Status::Running, None);
        let Redrives { count, last, tokens } = &mut self.redrives;
        (*count, *last) = (count.saturating_add(1), Some(now));
        if let Some(token) = token {
            let excess = (tokens.len() + 1).saturating_sub(TOKENS);
            tokens.drain(..excess);
            tokens.push(UsedToken { token, at: now });
        }
    }
}

/// The redrives of an execution.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redrives {
    /// How many.
    pub count: u32,
    /// When the last one was.
    pub last: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    tokens: Vec<UsedToken>,
}

/// A client token, and when an execution was redriven by it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct UsedToken {
    token: String,
    at: Timestamp,
}

impl Redrives {
    pub(super) fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// When it was redriven by that token, if that is not long ago.
    pub(super) fn by(&self, token: &str, now: Timestamp) -> Option<Timestamp> {
        let mut used = self.tokens.iter().filter(|used| now.since(used.at) <= TOKEN_LIFE);
        used.find(|used| used.token == token).map(|used| used.at)
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::{execution::End, map_runs::tests::execution},
        *,
    };

    const START: Timestamp = Timestamp(1_700_000_000_000);

    fn ended(status: Status) -> Execution {
        let end = End { at: START, output: None, error: None, cause: None, events: 9 };
        Execution { status, end: Some(end), started: START, ..execution() }
    }

    fn check(execution: &Execution, after: Duration, expect: Redrivable) {
        assert_eq!(execution.redrivable(START.plus(after)), expect);
    }

    #[test]
    fn what_has_not_ended_well_lately_is_redrivable() {
        for status in [Status::Failed, Status::TimedOut, Status::Aborted] {
            check(&ended(status), PERIOD, Redrivable::Yes);
        }
        let late = PERIOD + Duration::from_millis(1);
        check(&ended(Status::Failed), late, Redrivable::No("Execution redrivable period exceeded"));
        let well = Redrivable::No("Execution is SUCCEEDED and cannot be redriven");
        check(&ended(Status::Succeeded), Duration::ZERO, well);
        let runs = Execution { end: None, ..ended(Status::Running) };
        check(&runs, Duration::ZERO, Redrivable::No("Execution is RUNNING and cannot be redriven"));
    }

    #[test]
    fn limits_are_awss() {
        let mut long = ended(Status::Failed);
        let events = |long: &mut Execution, events| long.end.iter_mut().for_each(|end| end.events = events);
        events(&mut long, 24_998);
        check(&long, Duration::ZERO, Redrivable::Yes);
        events(&mut long, 24_999);
        check(&long, Duration::ZERO, Redrivable::No("Execution history event limit exceeded"));
        let mut old = ended(Status::Failed);
        old.started = Timestamp(START.millis() - i64::try_from(LONGEST.as_millis()).unwrap());
        check(&old, Duration::ZERO, Redrivable::Yes);
        check(&old, DAY, Redrivable::No("Execution has exceeded the max execution time"));
        let mut often = ended(Status::Failed);
        often.redrives.count = MOST_REDRIVES - 1;
        check(&often, Duration::ZERO, Redrivable::Yes);
        often.redrives.count = MOST_REDRIVES;
        check(&often, Duration::ZERO, Redrivable::No("Execution redrive limit exceeded"));
    }

    #[test]
    fn ten_tokens_are_known_for_a_quarter_of_an_hour() {
        let mut execution = ended(Status::Failed);
        let at = |n: u64| START.plus(Duration::from_secs(n));
        for n in 0..11 {
            execution.redrive(at(n), Some(format!("t{n}")));
        }
        assert_eq!((execution.redrives.count, execution.redrives.last), (11, Some(at(10))));
        let by = |token: &str, now| execution.redrives.by(token, now);
        assert_eq!((by("t0", at(11)), by("t1", at(11))), (None, Some(at(1))));
        assert_eq!((by("t10", at(910)), by("t10", at(911))), (Some(at(10)), None));
    }
}
