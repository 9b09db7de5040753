//! Schedule expressions: `rate(5 minutes)`, `cron(0 10 * * ? *)` and, for EventBridge Scheduler, `at(2026-11-20T13:00:00)`.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>
//! <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>
//!
//! Knows no clock: the caller says from which moment on. The rules of the time zones are in the binary.

mod at;
mod cron;
mod field;
mod rate;
mod zone;

use std::{fmt, str::FromStr};

pub use zone::{UnknownZone, Zone};

use self::{at::At, cron::Cron, rate::Rate};

/// A checked schedule expression. Shown, it is the text it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    text: String,
    kind: Kind,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    Rate(Rate),
    Cron(Box<Cron>),
    At(At),
}

/// Whose expressions are read: the two services differ in what they take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dialect {
    /// EventBridge rules: no `at`, and the unit of a rate is of its number's grammar.
    Rules,
    /// EventBridge Scheduler: `at` as well, and `rate(2 minute)` is as good as `rate(2 minutes)`.
    Scheduler,
}

/// Why a text is no schedule expression. AWS answers [`AWS_MESSAGE`] whatever the reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("schedule `{text}`: {reason}")]
pub struct Refused {
    text: String,
    reason: String,
}

/// What AWS answers to a rule's expression that is none.
pub const AWS_MESSAGE: &str = "Parameter ScheduleExpression is not valid.";

impl Schedule {
    /// Reads an expression as EventBridge Scheduler does; [`FromStr`] reads it as EventBridge rules do.
    pub fn of_scheduler(text: &str) -> Result<Self, Refused> {
        Self::read(text, Dialect::Scheduler)
    }

    /// The first moment after `after` at which a rule is due, both in milliseconds since the Unix epoch.
    ///
    /// A rate counts from `since`, the moment the rule was made, and is due a period later first; a cron expression
    /// does not look at it, is read in UTC, and may have no next moment, when its years are over.
    pub fn next(&self, since: i64, after: i64) -> Option<i64> {
        match &self.kind {
            Kind::Rate(rate) => rate.next(since, after),
            Kind::Cron(cron) => cron.next(&Zone::utc(), after),
            Kind::At(at) => at.next(&Zone::utc(), after),
        }
    }

    /// The first moment after `after` at which a schedule of EventBridge Scheduler is due.
    ///
    /// A rate is due at `begins` first, and then every so often whatever the clocks of the zone do; cron and `at`
    /// speak of the zone's own time. <https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html>
    pub fn next_in(&self, zone: &Zone, begins: i64, after: i64) -> Option<i64> {
        match &self.kind {
            Kind::Rate(_) if after < begins => Some(begins),
            Kind::Rate(rate) => rate.next(begins, after),
            Kind::Cron(cron) => cron.next(zone, after),
            Kind::At(at) => at.next(zone, after),
        }
    }

    /// Whether it is due only once.
    pub fn is_one_time(&self) -> bool {
        matches!(self.kind, Kind::At(_))
    }

    fn read(text: &str, dialect: Dialect) -> Result<Self, Refused> {
        let inside = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        let kind = if let Some(rate) = inside("rate") {
            Rate::parse(rate, dialect).map(Kind::Rate)
        } else if let Some(cron) = inside("cron") {
            Cron::parse(cron).map(|cron| Kind::Cron(Box::new(cron)))
        } else if let Some(at) = inside("at").filter(|_| dialect == Dialect::Scheduler) {
            At::parse(at).map(Kind::At)
        } else {
            Err(dialect.forms().to_owned())
        };
        kind.map(|kind| Self { text: text.to_owned(), kind })
            .map_err(|reason| Refused { text: text.to_owned(), reason })
    }
}

impl Dialect {
    fn forms(self) -> &'static str {
        match self {
            Self::Rules => "expected `rate(value unit)` or `cron(minutes hours day month weekday year)`",
            Self::Scheduler => {
                "expected `rate(value unit)`, `cron(minutes hours day month weekday year)` or `at(yyyy-mm-ddThh:mm:ss)`"
            }
        }
    }
}

impl FromStr for Schedule {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        Self::read(text, Dialect::Rules)
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
