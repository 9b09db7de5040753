//! `Retry` and `Catch`.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>

use std::borrow::Cow;

use serde_json::Value;

use super::{
    assign::Assign,
    diagnostic::Report,
    fault::Fault,
    fields::Fields,
    flow::{Exit, Left},
    jsonata::Outcome,
    language::Language,
    machine::SECONDS_LIMIT,
    scope::{Scope, View},
    states::{Where, read_result_path},
};

/// Any error but the two that end an execution in any case.
const ALL: &str = "States.ALL";
const ALL_ALONE: &str = "States.ALL must appear alone and at end of list";
/// The longest `MaxDelaySeconds`, one year, which is not allowed itself.
const YEAR: u64 = 31_622_400;

/// One entry of `Retry`.
#[derive(Clone, Debug, PartialEq)]
pub struct Retrier {
    /// The errors it is for.
    pub errors: Vec<String>,
    /// Seconds before the first retry.
    pub interval: u64,
    /// How many retries.
    pub max_attempts: u64,
    /// What the interval is multiplied by before each further retry.
    pub backoff_rate: f64,
    /// The longest interval.
    pub max_delay: Option<u64>,
    /// Whether the interval is drawn at random.
    pub jitter: Jitter,
}

/// `JitterStrategy`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Jitter {
    /// The interval as computed.
    None,
    /// Anything between nothing and the interval.
    Full,
}

/// One entry of `Catch`.
#[derive(Clone, Debug, PartialEq)]
pub struct Catcher {
    /// The errors it is for.
    pub errors: Vec<String>,
    /// The state that goes on.
    pub next: String,
    /// What it hands on.
    pub way: CatchWay,
}

/// What a catcher hands on, in the language of its state.
#[derive(Clone, Debug, PartialEq)]
pub enum CatchWay {
    /// JSONPath.
    Path {
        /// `ResultPath`: where the error is put in the state's input.
        result_path: Where,
        /// `Assign`
        assign: Option<Assign>,
    },
    /// JSONata: `Output` and `Assign`.
    Jsonata(Exit),
}

impl Retrier {
    /// Whether it is for an error that has one of these names.
    pub fn takes(&self, names: &[&str]) -> bool {
        takes(&self.errors, names)
    }

    /// Milliseconds before the retry that comes after `retries` others; `dice` is a random number.
    pub fn delay_millis(&self, retries: u32, dice: u64) -> u64 {
        let exponent = i32::try_from(retries).unwrap_or(i32::MAX);
        let interval = self.interval as f64 * 1000.0 * self.backoff_rate.powi(exponent);
        let most = self.max_delay.unwrap_or(SECONDS_LIMIT) * 1000;
        let millis = if interval < most as f64 { interval as u64 } else { most };
        match self.jitter {
            Jitter::None => millis,
            Jitter::Full => dice % (millis + 1),
        }
    }
}

impl Catcher {
    /// Whether it is for an error that has one of these names.
    pub fn takes(&self, names: &[&str]) -> bool {
        takes(&self.errors, names)
    }

    /// What the state hands on after an error; `error` is its `{Error, Cause}`.
    pub fn leave<'s>(&'s self, scope: &'s Scope<'_>, error: &'s Value) -> Result<Left<'s>, Fault> {
        match &self.way {
            CatchWay::Path { result_path, assign } => {
                let view = scope.view(error);
                let assigned = assign.as_ref().map(|assign| assign.evaluate(view)).transpose()?;
                let output = result_path.put(scope.input, Cow::Borrowed(error))?;
                Ok(Left { output, assigned: assigned.unwrap_or_default() })
            }
            CatchWay::Jsonata(exit) => {
                let outcome = Outcome::of_error(error);
                let view = View { outcome: Some(&outcome), ..scope.view(scope.input) };
                let (output, assigned) = exit.evaluate(view)?;
                Ok(Left { output: output.map_or(Cow::Borrowed(error), Cow::Owned), assigned })
            }
        }
    }
}

/// An error that no state can recover from keeps no name but its own: `States.Runtime` matches nothing at all.
fn takes(errors: &[String], names: &[&str]) -> bool {
    if names.contains(&"States.Runtime") {
        return false;
    }
    let wild = !names.contains(&"States.DataLimitExceeded");
    let timeout = names.contains(&"States.Timeout");
    errors.iter().any(|error| match error.as_str() {
        ALL => wild,
        "States.TaskFailed" => (wild && !timeout) || names.contains(&"States.TaskFailed"),
        error => names.contains(&error),
    })
}

pub(crate) fn read_retriers(fields: &mut Fields<'_>) -> Vec<Retrier> {
    let (pointer, report) = (fields.at("Retry"), fields.report);
    let list = fields.list("Retry").map_or(&[][..], Vec::as_slice);
    let read = |(at, value)| read_retrier(fields.element("Retry", at, value)?);
    let all: Vec<_> = list.iter().enumerate().filter_map(read).collect();
    check_all_is_last(all.iter().map(|one| &one.errors), &pointer, report);
    all
}

pub(crate) fn read_catchers(fields: &mut Fields<'_>) -> Vec<Catcher> {
    let (pointer, report) = (fields.at("Catch"), fields.report);
    let list = fields.list("Catch").map_or(&[][..], Vec::as_slice);
    let read = |(at, value)| read_catcher(fields.element("Catch", at, value)?);
    let all: Vec<_> = list.iter().enumerate().filter_map(read).collect();
    check_all_is_last(all.iter().map(|one| &one.errors), &pointer, report);
    all
}

fn read_retrier(mut fields: Fields<'_>) -> Option<Retrier> {
    let report = fields.report;
    let errors = read_errors(&mut fields);
    let interval = fields.integer("IntervalSeconds", 1, SECONDS_LIMIT).unwrap_or(1);
    let max_delay = fields.integer("MaxDelaySeconds", 1, YEAR - 1);
    if max_delay.is_some_and(|most| most <= interval) {
        report.schema(&fields.at("MaxDelaySeconds"), "The value must be greater than IntervalSeconds");
    }
    let max_attempts = fields.integer("MaxAttempts", 0, SECONDS_LIMIT).unwrap_or(3);
    let backoff_rate = fields.number("BackoffRate", 1.0).unwrap_or(2.0);
    let strategies = [("NONE", Jitter::None), ("FULL", Jitter::Full)];
    let jitter = fields.choice("JitterStrategy", &strategies).unwrap_or(Jitter::None);
    fields.finish();
    Some(Retrier { errors, interval, max_attempts, backoff_rate, max_delay, jitter })
}

fn read_catcher(mut fields: Fields<'_>) -> Option<Catcher> {
    let errors = read_errors(&mut fields);
    fields.require(&["Next"]);
    let next = fields.text("Next").map(str::to_owned);
    let way = match fields.language {
        Language::JsonPath => {
            fields.foreign(&["Output"]);
            CatchWay::Path { result_path: read_result_path(&mut fields), assign: Assign::read(&mut fields) }
        }
        Language::Jsonata => {
            fields.foreign(&["ResultPath"]);
            CatchWay::Jsonata(Exit::read(&mut fields))
        }
    };
    fields.finish();
    Some(Catcher { errors, next: next?, way })
}

fn read_errors(fields: &mut Fields<'_>) -> Vec<String> {
    fields.require(&["ErrorEquals"]);
    let Some(list) = fields.list("ErrorEquals") else { return Vec::new() };
    let pointer = fields.at("ErrorEquals");
    if list.is_empty() {
        fields.report.schema(&pointer, "Value cannot be empty");
    }
    let mut errors = Vec::new();
    for (at, name) in list.iter().enumerate() {
        match name.as_str() {
            Some(name) => errors.push(name.to_owned()),
            None => fields.report.schema(&format!("{pointer}/{at}"), "Expected value of type String"),
        }
    }
    if errors.len() > 1 && errors.iter().any(|error| error == ALL) {
        fields.report.schema(&pointer, ALL_ALONE);
    }
    errors
}

fn check_all_is_last<'e>(all: impl Iterator<Item = &'e Vec<String>>, pointer: &str, report: &Report) {
    let mut all = all.enumerate().peekable();
    while let Some((at, errors)) = all.next() {
        if all.peek().is_some() && errors.iter().any(|error| error == ALL) {
            report.schema(&format!("{pointer}/{at}/ErrorEquals"), ALL_ALONE);
        }
    }
}
