//! Moments in time: milliseconds since 1970-01-01T00:00:00Z, as the clock given to us read them.

use std::{fmt, str::FromStr, time::Duration};

use serde::{Deserialize, Serialize};

/// A moment, in milliseconds since the Unix epoch. Serialises as that number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

/// The text is not an RFC 3339 date and time.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{0}` is not an RFC 3339 date and time")]
pub struct NotATime(pub String);

impl Timestamp {
    /// Milliseconds since the Unix epoch.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// Seconds since the Unix epoch with a fraction, as AWS's JSON protocols write times.
    pub fn epoch_seconds(self) -> f64 {
        self.0 as f64 / 1000.0
    }

    /// This moment `by` later. Saturates.
    pub fn plus(self, by: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// How long after `earlier` this is; zero if it is not after.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// `Sep 1, 2017 4:12:29 PM`: whole seconds in UTC, as CodeBuild's events write them.
    pub fn to_american_string(self) -> String {
        let time = jiff::Timestamp::from_second(self.0.div_euclid(1000));
        time.map(|time| time.strftime("%b %-d, %Y %-I:%M:%S %p").to_string()).unwrap_or_default()
    }

    /// `2026-01-02T03:04:05Z`: whole seconds, as EventBridge writes `time`.
    pub fn to_seconds_string(self) -> String {
        jiff::Timestamp::from_second(self.0.div_euclid(1000)).map(|t| t.to_string()).unwrap_or_default()
    }
}

/// `2026-01-02T03:04:05.678Z`: always three digits of a second, as the Step Functions context object has it.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_millisecond(self.0) {
            Ok(t) => write!(f, "{t:.3}"),
            Err(_) => write!(f, "{}", self.0),
        }
    }
}

impl FromStr for Timestamp {
    type Err = NotATime;

    fn from_str(text: &str) -> Result<Self, NotATime> {
        text.parse::<jiff::Timestamp>()
            .map(|t| Self(t.as_millisecond()))
            .map_err(|_| NotATime(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_and_reads_back() {
        let t = Timestamp(1_700_000_000_120);
        assert_eq!(t.to_string(), "2023-11-14T22:13:20.120Z");
        assert_eq!(t.to_seconds_string(), "2023-11-14T22:13:20Z");
        assert_eq!(t.to_american_string(), "Nov 14, 2023 10:13:20 PM");
        assert_eq!(Timestamp(1_504_239_149_000).to_american_string(), "Sep 1, 2017 4:12:29 AM");
        assert_eq!(t.to_string().parse::<Timestamp>().unwrap(), t);
        assert!("yesterday".parse::<Timestamp>().is_err());
    }
}
