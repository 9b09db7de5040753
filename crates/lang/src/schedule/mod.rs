//! EventBridge schedule expressions: `rate(5 minutes)` and `cron(0 10 * * ? *)`, in UTC.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-scheduled-rule-pattern.html>
//!
//! Knows no clock: the caller says from which moment on.

mod cron;
mod field;
mod rate;

use std::{fmt, str::FromStr};

use self::{cron::Cron, rate::Rate};

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
}

/// Why a text is no schedule expression. AWS answers [`AWS_MESSAGE`] whatever the reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("schedule `{text}`: {reason}")]
pub struct Refused {
    text: String,
    reason: String,
}

/// What AWS answers to an expression that is none.
pub const AWS_MESSAGE: &str = "Parameter ScheduleExpression is not valid.";

impl Schedule {
    /// The first moment after `after` at which the schedule is due, both in milliseconds since the Unix epoch.
    ///
    /// A rate counts from `since`, the moment the rule was made; a cron expression does not look at it and may
    /// have no next moment, when its years are over.
    pub fn next(&self, since: i64, after: i64) -> Option<i64> {
        match &self.kind {
            Kind::Rate(rate) => rate.next(since, after),
            Kind::Cron(cron) => cron.next(after),
        }
    }
}

impl FromStr for Schedule {
    type Err = Refused;

    fn from_str(text: &str) -> Result<Self, Refused> {
        let inside = |name: &str| text.strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')');
        let kind = match (inside("rate"), inside("cron")) {
            (Some(rate), _) => Rate::parse(rate).map(Kind::Rate),
            (_, Some(cron)) => Cron::parse(cron).map(|cron| Kind::Cron(Box::new(cron))),
            _ => {
                Err("expected `rate(value unit)` or `cron(minutes hours day month weekday year)`".to_owned())
            }
        };
        kind.map(|kind| Self { text: text.to_owned(), kind })
            .map_err(|reason| Refused { text: text.to_owned(), reason })
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests;
