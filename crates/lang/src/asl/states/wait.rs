//! `Wait`: waits for a time or until a time.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html>

use serde_json::Value;

use crate::asl::{
    fault::Fault,
    fields::Fields,
    flow::{Flow, Takes},
    jsonata::Expression,
    language::Language,
    machine::{Next, SECONDS_LIMIT},
    path::Path,
    scope::{Scope, View},
    timestamp,
};

use super::{
    given::{Come, Given},
    read_next,
};

/// A Wait state.
#[derive(Clone, Debug, PartialEq)]
pub struct Wait {
    /// How long.
    pub until: WaitFor,
    /// Where it leads.
    pub next: Next,
}

/// How long a Wait state waits.
#[derive(Clone, Debug, PartialEq)]
pub enum WaitFor {
    /// So many seconds: `Seconds` or `SecondsPath`.
    Seconds(Given<u64>),
    /// Until then, in milliseconds since the epoch: `Timestamp` or `TimestampPath`.
    Timestamp(Given<i64>),
}

/// The longest wait, in seconds: AWS counts them in 32 bits.
const LONGEST: i64 = i32::MAX as i64;

impl Wait {
    /// When the wait ends, in milliseconds since the epoch, if it begins at the scope's time.
    pub fn ends(&self, flow: &Flow, scope: &Scope<'_>) -> Result<i64, Fault> {
        let input = flow.input(scope)?;
        let (now, view) = (scope.now(), scope.view(&input));
        let end = match &self.until {
            WaitFor::Seconds(given) => now.saturating_add(seconds(given, view)?.saturating_mul(1000)),
            WaitFor::Timestamp(given) => time(given, view)?,
        };
        if end.saturating_sub(now) > LONGEST * 1000 {
            return Err(Fault::runtime("Wait state delay is too long."));
        }
        Ok(end)
    }
}

fn missing(field: &str, path: &Path) -> Fault {
    Fault::runtime(format!("The {field} parameter does not reference an input value: {}", path.text()))
}

fn seconds(given: &Given<u64>, view: View<'_>) -> Result<i64, Fault> {
    let come = match given.come(view, |path, _| missing("SecondsPath", path))? {
        Ok(seconds) => return Ok(i64::try_from(*seconds).unwrap_or(i64::MAX)),
        Err(come) => come,
    };
    match come {
        Come::Found(path, value) => {
            let at = format!("{} == {value}", path.text());
            let seconds = value.as_i64().ok_or_else(|| {
                Fault::runtime(format!("The SecondsPath parameter cannot be parsed as a long value: {at}"))
            })?;
            if seconds < 0 {
                return Err(Fault::runtime(format!("The SecondsPath parameter cannot be negative: {at}")));
            }
            Ok(seconds)
        }
        Come::Made(expression, value) => made_seconds(expression, &value),
    }
}

fn made_seconds(expression: &Expression, value: &Value) -> Result<i64, Fault> {
    if !value.is_number() {
        return Err(expression.unexpected("number", value));
    }
    let wrong =
        |why: &str| Fault::query(format!("The Seconds field {why}: {value}")).located(expression.field());
    let seconds = value.as_i64().ok_or_else(|| wrong("cannot be parsed as a long value"))?;
    if seconds < 0 {
        return Err(wrong("cannot be negative"));
    }
    Ok(seconds)
}

const NO_TIME: &str = "an ISO-8601 extended offset date-time format string";

fn time(given: &Given<i64>, view: View<'_>) -> Result<i64, Fault> {
    let come = match given.come(view, |path, _| missing("TimestampPath", path))? {
        Ok(millis) => return Ok(*millis),
        Err(come) => come,
    };
    let (value, fault) = match come {
        Come::Found(path, value) => {
            let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
            let at = path.text();
            let cause = format!(
                "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format \
                 string: {at} == {text}"
            );
            (value, Fault::runtime(cause))
        }
        Come::Made(expression, value) => {
            let Value::String(text) = &value else { return Err(expression.unexpected("string", &value)) };
            let cause = format!("The Timestamp field cannot be parsed as {NO_TIME}: {text}");
            (value, Fault::query(cause).located(expression.field()))
        }
    };
    let read = value.as_str().and_then(timestamp::read);
    read.map(jiff::Timestamp::as_millisecond).ok_or(fault)
}

pub(super) fn read(fields: &mut Fields<'_>) -> (Flow, Option<Wait>) {
    let flow = Flow::read(fields, Takes::NOTHING);
    match fields.language {
        Language::JsonPath => {
            fields.one_of(&["SecondsPath", "Seconds", "TimestampPath", "Timestamp"], true);
        }
        Language::Jsonata => fields.one_of(&["Seconds", "Timestamp"], true),
    }
    let seconds = Given::read(fields, ("Seconds", "SecondsPath"), |fields, name| {
        fields.integer(name, 0, SECONDS_LIMIT)
    });
    let until = Given::read(fields, ("Timestamp", "TimestampPath"), |fields, name| {
        let text = fields.text(name)?;
        let read = timestamp::read(text);
        if read.is_none() {
            fields.report.schema(&fields.at(name), "String does not match RFC3339 timestamp");
        }
        read.map(jiff::Timestamp::as_millisecond)
    });
    let next = read_next(fields);
    let until = seconds.map(WaitFor::Seconds).or(until.map(WaitFor::Timestamp));
    (flow, until.zip(next).map(|(until, next)| Wait { until, next }))
}
