//! What a Map that is tried goes through: its items, and how many of its iterations may fail.

use serde_json::Value;
use trainyard_domain::Failure;
use trainyard_engine::{Payload, Plan, Trial, Wanted};

use super::{Error, TestSpec, decide::within};
use crate::executions::map_runs;

/// What is shown of a Map besides its data.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Iterations {
    pub(super) plan: Option<Plan>,
    /// What `ItemsPointer` points at.
    pub(super) pointed: Option<Value>,
    /// What the child executions are given, as JSON texts, if several items go to each.
    pub(super) batches: Option<Vec<String>>,
    /// How many iterations there are, if that is known.
    count: Option<usize>,
}

/// Reads the items of the Map that waits for its iterations, and makes of them what the iterations are given.
pub(super) fn read(trial: &mut Trial, spec: &TestSpec) -> Result<Iterations, Error> {
    let Some(plan) = trial.plan() else { return Ok(Iterations::default()) };
    let mut iterations = Iterations::default();
    if let Some(items) = items(&plan, spec, &mut iterations)? {
        let inputs = trial.select(items);
        if trial.wanted() == Wanted::Iterations {
            iterations.batches = portions(trial, &plan, &inputs);
            iterations.count = Some(iterations.batches.as_ref().map_or(inputs.len(), Vec::len));
        }
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

/// None if they are read by somebody whose data nobody gives.
fn items(plan: &Plan, spec: &TestSpec, iterations: &mut Iterations) -> Result<Option<Vec<Value>>, Error> {
    if let Some(items) = &plan.items {
        return Ok(items.as_array().cloned());
    }
    let (Some(reader), Some(data)) = (&plan.reader, &spec.configuration.reader_data) else { return Ok(None) };
    let data = within("stateConfiguration.mapItemReaderData", data)?;
    let wrong = |why| Error::Invalid(format!("mapItemReaderData cannot be read: {why}"));
    let mut items = map_runs::items(reader, data).map_err(wrong)?;
    if reader.config.items_pointer.is_some() {
        iterations.pointed = Some(items.clone().into());
    }
    let most = plan.most_items.and_then(|most| usize::try_from(most).ok());
    items.truncate(most.unwrap_or(usize::MAX));
    Ok(Some(items))
}

/// The Map fails if an item is too large for a batch.
fn portions(trial: &mut Trial, plan: &Plan, inputs: &[Payload]) -> Option<Vec<String>> {
    let batch = plan.batch.as_ref()?;
    let name = trial.state().map(|state| state.name.clone()).unwrap_or_default();
    match map_runs::portions(batch, inputs, &name) {
        Ok(portions) => Some(portions),
        Err(failure) => {
            trial.answer(Err(failure));
            None
        }
    }
}

impl Iterations {
    /// The failure of the Map, if more of its iterations have failed than it tolerates.
    pub(super) fn failure(&self, spec: &TestSpec) -> Option<Failure> {
        let (failed, plan) = (spec.configuration.failed_iterations?, self.plan.as_ref()?);
        let thresholds = (plan.tolerated_count, plan.tolerated_percentage);
        let exceeded = map_runs::exceeds(thresholds, failed, self.count.unwrap_or_default() as u64);
        exceeded.then(map_runs::exceeded)
    }
}
