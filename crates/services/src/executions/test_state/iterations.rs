//! What a Map that is tried goes through: its items, and how many of its iterations may fail.

use serde_json::Value;
use trainyard_domain::Failure;
use trainyard_engine::{Plan, Trial};
use trainyard_lang::asl::{InputType, ItemReader};

use super::{Error, TestSpec, decide::within};

/// What is shown of a Map besides its data.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Iterations {
    pub(super) plan: Option<Plan>,
    /// What `ItemsPointer` points at.
    pub(super) pointed: Option<Value>,
    /// What the child executions are given, if several items go to each.
    pub(super) batches: Option<Vec<Value>>,
    /// How many iterations there are, if that is known.
    pub(super) count: Option<usize>,
}

/// Reads the items of the Map that waits for its iterations, and makes of them what the iterations are given.
pub(super) fn read(trial: &mut Trial, spec: &TestSpec) -> Result<Iterations, Error> {
    let Some(plan) = trial.plan() else { return Ok(Iterations::default()) };
    let mut iterations = Iterations::default();
    let items = match (&plan.items, &plan.reader, &spec.configuration.reader_data) {
        (Some(items), ..) => items.as_array().cloned(),
        (None, Some(reader), Some(data)) => {
            let mut items =
                read_data(reader, within("stateConfiguration.mapItemReaderData", data)?, &mut iterations)?;
            items.truncate(
                plan.most_items.map_or(usize::MAX, |most| usize::try_from(most).unwrap_or(usize::MAX)),
            );
            Some(items)
        }
        _ => None,
    };
    if let Some(items) = items {
        let inputs = trial.select(items);
        iterations.count = Some(inputs.len());
    }
    iterations.plan = Some(plan);
    let failed = spec.configuration.failed_iterations.unwrap_or_default();
    if iterations.count.is_some_and(|count| failed > count as u64) {
        let message =
            "Map iteration failure count must be less than or equal to the number of Map iterations";
        return Err(Error::Invalid(message.to_owned()));
    }
    Ok(iterations)
}

impl Iterations {
    /// The failure of the Map, if more of its iterations have failed than it tolerates.
    pub(super) fn failure(&self, spec: &TestSpec) -> Option<Failure> {
        let failed = spec.configuration.failed_iterations?;
        let tolerated = self.plan.as_ref()?.tolerates(failed, self.count.unwrap_or_default());
        let cause = "The specified tolerated failure threshold was exceeded";
        (!tolerated).then(|| Failure::new("States.ExceedToleratedFailureThreshold", cause))
    }
}

/// The items in what a reader has read.
fn read_data(reader: &ItemReader, data: &str, iterations: &mut Iterations) -> Result<Vec<Value>, Error> {
    let wrong = |why: String| Error::Invalid(format!("mapItemReaderData cannot be read: {why}"));
    let whole: Value = match reader.config.input_type {
        Some(InputType::JsonLines) => {
            let lines = data.lines().filter(|line| !line.trim().is_empty());
            let lines: Result<Vec<Value>, _> = lines.map(serde_json::from_str).collect();
            return lines.map_err(|error| wrong(error.to_string()));
        }
        _ => serde_json::from_str(data).map_err(|error| wrong(error.to_string()))?,
    };
    let list = match &reader.config.items_pointer {
        None => whole,
        Some(pointer) => {
            let found = whole.pointer(pointer).cloned();
            let found = found.ok_or_else(|| wrong(format!("there is nothing at {pointer}")))?;
            iterations.pointed = Some(found.clone());
            found
        }
    };
    match list {
        Value::Array(items) => Ok(items),
        _ => Err(wrong("it is no array".to_owned())),
    }
}
