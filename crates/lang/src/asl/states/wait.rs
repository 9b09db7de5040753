//! `Wait`: waits for a time or until a time.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/state-wait.html>

use serde_json::Value;

use crate::asl::{
    fault::Fault,
    fields::Fields,
    machine::{Next, SECONDS_LIMIT},
    path::Path,
    scope::Scope,
    timestamp,
};

use super::{Selection, read_next, result::read_selection};

/// A Wait state.
#[derive(Clone, Debug, PartialEq)]
pub struct Wait {
    /// `InputPath`
    pub input_path: Selection,
    /// `OutputPath`
    pub output_path: Selection,
    /// How long.
    pub until: WaitFor,
    /// Where it leads.
    pub next: Next,
}

/// How long a Wait state waits.
#[derive(Clone, Debug, PartialEq)]
pub enum WaitFor {
    /// So many seconds.
    Seconds(u64),
    /// So many seconds as the path finds.
    SecondsPath(Path),
    /// Until then, in milliseconds since the epoch.
    Timestamp(i64),
    /// Until the time that the path finds.
    TimestampPath(Path),
}

/// The longest wait, in seconds: AWS counts them in 32 bits.
const LONGEST: i64 = i32::MAX as i64;

impl WaitFor {
    /// When the wait ends, in milliseconds since the epoch, if it begins at `now`.
    pub fn ends(&self, now: i64, scope: &Scope<'_>) -> Result<i64, Fault> {
        let after = |seconds: i64| now.saturating_add(seconds.saturating_mul(1000));
        let end = match self {
            Self::Seconds(seconds) => after(i64::try_from(*seconds).unwrap_or(i64::MAX)),
            Self::SecondsPath(path) => after(seconds(path, scope)?),
            Self::Timestamp(millis) => *millis,
            Self::TimestampPath(path) => time(path, scope)?,
        };
        if end.saturating_sub(now) > LONGEST * 1000 {
            return Err(Fault::runtime("Wait state delay is too long."));
        }
        Ok(end)
    }
}

fn found(path: &Path, field: &str, scope: &Scope<'_>) -> Result<Value, Fault> {
    let missing = || {
        Fault::runtime(format!("The {field} parameter does not reference an input value: {}", path.text()))
    };
    scope.read(path).map_err(|_| missing())
}

fn seconds(path: &Path, scope: &Scope<'_>) -> Result<i64, Fault> {
    let value = found(path, "SecondsPath", scope)?;
    let at = path.text();
    let seconds = value.as_i64().ok_or_else(|| {
        Fault::runtime(format!("The SecondsPath parameter cannot be parsed as a long value: {at} == {value}"))
    })?;
    if seconds < 0 {
        return Err(Fault::runtime(format!("The SecondsPath parameter cannot be negative: {at} == {value}")));
    }
    Ok(seconds)
}

fn time(path: &Path, scope: &Scope<'_>) -> Result<i64, Fault> {
    let value = found(path, "TimestampPath", scope)?;
    let read = value.as_str().and_then(timestamp::read);
    read.map(jiff::Timestamp::as_millisecond).ok_or_else(|| {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        Fault::runtime(format!(
            "The TimestampPath parameter does not reference a valid ISO-8601 extended offset date-time format \
             string: {} == {text}",
            path.text()
        ))
    })
}

pub(super) fn read(fields: &mut Fields<'_>) -> Option<Wait> {
    let input_path = read_selection(fields, "InputPath");
    let output_path = read_selection(fields, "OutputPath");
    fields.one_of(&["Seconds", "SecondsPath", "Timestamp", "TimestampPath"], true);
    let seconds = fields.integer("Seconds", 0, SECONDS_LIMIT).map(WaitFor::Seconds);
    let seconds_path = fields.definite_path("SecondsPath").map(WaitFor::SecondsPath);
    let until = fields.text("Timestamp").and_then(|text| {
        let read = timestamp::read(text);
        if read.is_none() {
            fields
                .report
                .schema(&fields.at("Timestamp"), "Value is not an ISO-8601 date and time with an offset");
        }
        read.map(|time| WaitFor::Timestamp(time.as_millisecond()))
    });
    let until_path = fields.definite_path("TimestampPath").map(WaitFor::TimestampPath);
    let next = read_next(fields);
    let until = seconds.or(seconds_path).or(until).or(until_path);
    Some(Wait { input_path, output_path, until: until?, next: next? })
}
