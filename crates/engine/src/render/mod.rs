//! Events as `GetExecutionHistory` shows them.
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html>

mod task;

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use trainyard_domain::Failure;
use trainyard_lang::asl::Resource;

use crate::{EventKind, HistoryEvent, Payload};

impl HistoryEvent {
    /// The event in AWS's JSON: nothing private in it.
    pub fn to_aws(&self) -> Value {
        let (details, body) = self.details();
        let mut event = Map::new();
        event.insert("timestamp".to_owned(), self.time.epoch_seconds().into());
        event.insert("type".to_owned(), self.type_name().into());
        event.insert("id".to_owned(), self.id.into());
        event.insert("previousEventId".to_owned(), self.previous.into());
        if !details.is_empty() {
            event.insert(format!("{details}EventDetails"), body);
        }
        Value::Object(event)
    }

    /// `PassStateEntered`, `TaskScheduled`, …
    pub fn type_name(&self) -> String {
        let name = match &self.kind {
            EventKind::StateEntered { state, .. } => return format!("{state}StateEntered"),
            EventKind::StateExited { state, .. } => return format!("{state}StateExited"),
            EventKind::StateAborted { state } => return format!("{state}StateAborted"),
            EventKind::TaskScheduled { resource, .. } => return of_task(resource, "Scheduled"),
            EventKind::TaskStarted { resource, .. } => return of_task(resource, "Started"),
            EventKind::TaskSucceeded { resource, .. } => return of_task(resource, "Succeeded"),
            EventKind::TaskFailed { resource, .. } => return of_task(resource, "Failed"),
            EventKind::TaskTimedOut { resource, .. } => return of_task(resource, "TimedOut"),
            EventKind::TaskSubmitFailed { resource, .. } => task::family(resource).refused,
            EventKind::TaskSubmitted { .. } => "TaskSubmitted",
            EventKind::ExecutionStarted { .. } => "ExecutionStarted",
            EventKind::ExecutionSucceeded { .. } => "ExecutionSucceeded",
            EventKind::ExecutionFailed { .. } => "ExecutionFailed",
            EventKind::ExecutionTimedOut => "ExecutionTimedOut",
            EventKind::ExecutionAborted { .. } => "ExecutionAborted",
            EventKind::ExecutionRedriven { .. } => "ExecutionRedriven",
            EventKind::EvaluationFailed { .. } => "EvaluationFailed",
            EventKind::ParallelStateStarted { .. } => "ParallelStateStarted",
            EventKind::ParallelStateSucceeded => "ParallelStateSucceeded",
            EventKind::ParallelStateFailed => "ParallelStateFailed",
            EventKind::MapStateStarted { .. } => "MapStateStarted",
            EventKind::MapIterationStarted { .. } => "MapIterationStarted",
            EventKind::MapIterationSucceeded { .. } => "MapIterationSucceeded",
            EventKind::MapIterationFailed { .. } => "MapIterationFailed",
            EventKind::MapIterationAborted { .. } => "MapIterationAborted",
            EventKind::MapStateSucceeded => "MapStateSucceeded",
            EventKind::MapStateFailed => "MapStateFailed",
            EventKind::MapRunStarted { .. } => "MapRunStarted",
            EventKind::MapRunRedriven { .. } => "MapRunRedriven",
            EventKind::MapRunSucceeded => "MapRunSucceeded",
            EventKind::MapRunFailed { .. } => "MapRunFailed",
            EventKind::MapRunAborted => "MapRunAborted",
        };
        name.to_owned()
    }

    fn details(&self) -> (&'static str, Value) {
        match &self.kind {
            EventKind::ExecutionStarted { start, .. } => {
                ("executionStarted", with_input(json!({"roleArn": start.role_arn}), &start.input))
            }
            EventKind::StateEntered { name, input, .. } => {
                ("stateEntered", with_input(json!({"name": name}), input))
            }
            EventKind::StateExited { name, output, assigned, .. } => {
                ("stateExited", with_assigned(with_output(json!({"name": name}), output), assigned))
            }
            EventKind::ExecutionSucceeded { output } => {
                ("executionSucceeded", with_output(json!({}), output))
            }
            EventKind::ExecutionFailed { failure } => ("executionFailed", with_failure(json!({}), failure)),
            EventKind::ExecutionTimedOut => ("executionTimedOut", json!({})),
            EventKind::ExecutionAborted { error, cause } => {
                let failure =
                    Failure::new(error.clone().unwrap_or_default(), cause.clone().unwrap_or_default());
                ("executionAborted", with_failure(json!({}), &failure))
            }
            EventKind::EvaluationFailed { failure, location, state } => {
                let mut details = with_failure(json!({"state": state}), failure);
                if let Some(location) = location {
                    details["location"] = location.as_str().into();
                }
                ("evaluationFailed", details)
            }
            EventKind::MapStateStarted { length, .. } => ("mapStateStarted", json!({"length": length})),
            EventKind::MapIterationStarted { name, index, .. } => ("mapIterationStarted", nth(name, *index)),
            EventKind::MapIterationSucceeded { name, index } => ("mapIterationSucceeded", nth(name, *index)),
            EventKind::MapIterationFailed { name, index } => ("mapIterationFailed", nth(name, *index)),
            EventKind::MapIterationAborted { name, index } => ("mapIterationAborted", nth(name, *index)),
            EventKind::MapRunStarted { arn, .. } => ("mapRunStarted", json!({"mapRunArn": arn})),
            EventKind::MapRunRedriven { arn, count, .. } => {
                ("mapRunRedriven", json!({"mapRunArn": arn, "redriveCount": count}))
            }
            EventKind::ExecutionRedriven { count, .. } => {
                ("executionRedriven", json!({"redriveCount": count}))
            }
            EventKind::MapRunFailed { failure } => ("mapRunFailed", with_failure(json!({}), failure)),
            EventKind::StateAborted { .. }
            | EventKind::ParallelStateStarted { .. }
            | EventKind::ParallelStateSucceeded
            | EventKind::ParallelStateFailed
            | EventKind::MapStateSucceeded
            | EventKind::MapStateFailed
            | EventKind::MapRunSucceeded
            | EventKind::MapRunAborted => ("", json!({})),
            EventKind::TaskScheduled { .. }
            | EventKind::TaskStarted { .. }
            | EventKind::TaskSubmitted { .. }
            | EventKind::TaskSubmitFailed { .. }
            | EventKind::TaskSucceeded { .. }
            | EventKind::TaskFailed { .. }
            | EventKind::TaskTimedOut { .. } => task::details(&self.kind),
        }
    }
}

/// The family of a task's events.
fn of_task(resource: &Resource, what: &str) -> String {
    format!("{}{what}", task::family(resource).event)
}

fn nth(name: &str, index: u32) -> Value {
    json!({"name": name, "index": index})
}

fn with_input(mut details: Value, input: &Payload) -> Value {
    details["input"] = input.text().into();
    details["inputDetails"] = json!({"truncated": false});
    details
}

fn with_output(mut details: Value, output: &Payload) -> Value {
    details["output"] = output.text().into();
    details["outputDetails"] = json!({"truncated": false});
    details
}

fn with_assigned(mut details: Value, assigned: &BTreeMap<String, Payload>) -> Value {
    if !assigned.is_empty() {
        let texts = assigned.iter().map(|(name, value)| (name.clone(), value.text().into()));
        details["assignedVariables"] = Value::Object(texts.collect());
        details["assignedVariablesDetails"] = json!({"truncated": false});
    }
    details
}

/// An empty error or cause was not given, and is not shown.
fn with_failure(mut details: Value, failure: &Failure) -> Value {
    for (name, text) in [("error", &failure.error), ("cause", &failure.cause)] {
        if !text.is_empty() {
            details[name] = text.as_str().into();
        }
    }
    details
}
