//! What follows from what was asked. Pure.

use std::collections::BTreeMap;

use serde_json::Value;
use trainyard_domain::Failure;
use trainyard_engine::{Moment, Payload, Setting, Start, Trial};
use trainyard_lang::asl::State;

use super::{
    Error, TestSpec, context,
    iterations::{self, Iterations},
    shown::{Tested, shown},
};

/// A state that is being tried.
pub(super) struct Trying {
    pub(super) trial: Trial,
    pub(super) iterations: Iterations,
}

/// Enters the state.
pub(super) fn begin(spec: &TestSpec, state: State, start: Start, at: Moment) -> Result<Trying, Error> {
    let context = spec.context.as_ref().map(|context| context::read(context, &state)).transpose()?;
    let variables = spec.variables.as_deref().map_or_else(|| Ok(BTreeMap::new()), read_variables)?;
    let retries = spec.configuration.retries.unwrap_or_default();
    let mut trial = Trial::begin(state, Setting { start, variables, context, retries }, at);
    let iterations = iterations::read(&mut trial, spec)?;
    Ok(Trying { trial, iterations })
}

/// What the state's work comes to: the mock, unless more of a Map's iterations have failed than it tolerates.
pub(super) fn mocked(
    trying: &Trying,
    spec: &TestSpec,
    mock: Result<Value, Failure>,
) -> Result<Value, Failure> {
    let result = mock?;
    match trying.iterations.failure(spec) {
        Some(failure) => Err(failure),
        None => Ok(result),
    }
}

/// What has come of it.
pub(super) fn end(trying: &Trying, spec: &TestSpec) -> Result<Tested, Error> {
    let report = trying.trial.report();
    let report = report.ok_or_else(|| Error::Invalid("The state does not come to an end".to_owned()))?;
    Ok(shown(spec, trying, report))
}

fn read_variables(text: &str) -> Result<BTreeMap<String, Payload>, Error> {
    let wrong = |why: String| Error::Invalid(format!("Invalid variables provided: {why}"));
    let variables: Value =
        serde_json::from_str(within("variables", text)?).map_err(|error| wrong(error.to_string()))?;
    let Value::Object(variables) = variables else { return Err(wrong("it is not an object".to_owned())) };
    Ok(variables.into_iter().map(|(name, value)| (name, value.into())).collect())
}

/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html>
const MOST: usize = 262_144;

/// The text, if it is not too long.
pub(super) fn within<'t>(member: &str, text: &'t str) -> Result<&'t str, Error> {
    if text.len() <= MOST {
        return Ok(text);
    }
    Err(Error::Invalid(format!(
        "1 validation error detected: Value at '{member}' failed to satisfy constraint: Member must have length less \
         than or equal to {MOST}"
    )))
}
