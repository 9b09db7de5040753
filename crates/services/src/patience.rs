//! How often and how long something is tried again that did not succeed. Pure.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use trainyard_domain::Timestamp;

use crate::ground::uuid_from;

/// How often and how long something is tried.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Patience {
    /// After the first attempt, at most so many more.
    pub retries: u32,
    /// No attempt later than so many seconds after the first could be made.
    pub seconds: u32,
}

impl Default for Patience {
    fn default() -> Self {
        Self { retries: 185, seconds: 86_400 }
    }
}

/// An attempt that did not succeed.
pub(crate) struct Failed<'f> {
    /// What all attempts have in common and no others.
    pub(crate) token: &'f str,
    /// When the first could be made.
    pub(crate) since: Timestamp,
    /// How many there were, with this one.
    pub(crate) attempts: u32,
    /// Whether a later one may succeed.
    pub(crate) retry: bool,
    /// Whoever refused it asks for at least so long a pause.
    pub(crate) pause: Duration,
}

/// What follows from an attempt that did not succeed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// The next one is made then.
    Again(Timestamp),
    /// There is none, and which end of the patience was reached, where it is that.
    Over(Option<Exhausted>),
}

/// Which end of the patience was reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exhausted {
    Attempts,
    Age,
}

impl Exhausted {
    /// AWS's word for it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Attempts => "MaximumRetryAttempts",
            Self::Age => "MaximumEventAgeInSeconds",
        }
    }
}

impl Patience {
    /// For letters about what was given up: it is for their number alone that they end.
    pub(crate) const OF_LETTERS: Self = Self { retries: 185, seconds: u32::MAX };

    /// The last moment for an attempt.
    pub(crate) fn end(self, since: Timestamp) -> Timestamp {
        since.plus(Duration::from_secs(self.seconds.into()))
    }

    /// What follows from an attempt that did not succeed.
    pub(crate) fn next(self, failed: &Failed<'_>, now: Timestamp) -> Next {
        if !failed.retry {
            return Next::Over(None);
        }
        if failed.attempts > self.retries {
            return Next::Over(Some(Exhausted::Attempts));
        }
        let again = now.plus(pause(failed.token, failed.attempts.saturating_sub(1)).max(failed.pause));
        if again > self.end(failed.since) { Next::Over(Some(Exhausted::Age)) } else { Next::Again(again) }
    }
}

/// How long after attempt `n` (from 0) the next one is made: doubling, with up to half of it taken off so that what
/// failed together does not come back together; 185 attempts fill a day.
pub(crate) fn pause(token: &str, attempt: u32) -> Duration {
    let longest =
        Duration::from_millis(500).saturating_mul(1 << attempt.min(10)).min(Duration::from_secs(480));
    longest - part(&["pause", token, &attempt.to_string()], longest / 2)
}

/// A part of a duration that follows from a text, evenly spread.
pub(crate) fn part(of: &[&str], whole: Duration) -> Duration {
    let spread = u32::from_str_radix(&uuid_from(of)[..8], 16).unwrap_or_default();
    whole.mul_f64(f64::from(spread) / (f64::from(u32::MAX) + 1.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_and_differ() {
        for n in 0..400 {
            let whole = Duration::from_millis(500 << n.min(10)).min(Duration::from_secs(480));
            assert!((whole / 2..=whole).contains(&pause(&format!("token {n}"), n)), "{n}");
        }
        let day: Duration = (0..185).map(|n| pause("token", n)).sum();
        assert!((0.6..1.1).contains(&(day.as_secs_f64() / 86_400.0)), "{day:?}");
    }

    #[test]
    fn an_attempt_is_followed_by_another_while_there_is_patience() {
        let patience = Patience { retries: 2, seconds: 60 };
        let failed = |attempts, retry| Failed {
            token: "t",
            since: Timestamp(0),
            attempts,
            retry,
            pause: Duration::ZERO,
        };
        let next = |attempts, retry, now| patience.next(&failed(attempts, retry), Timestamp(now));
        assert!(matches!(next(2, true, 1000), Next::Again(at) if at > Timestamp(1000)));
        assert_eq!(next(3, true, 1000), Next::Over(Some(Exhausted::Attempts)));
        assert_eq!(next(1, true, 59_900), Next::Over(Some(Exhausted::Age)));
        assert_eq!(next(1, false, 1000), Next::Over(None));
        let asked = Failed { pause: Duration::from_secs(20), ..failed(1, true) };
        assert_eq!(patience.next(&asked, Timestamp(1000)), Next::Again(Timestamp(21_000)));
    }
}
