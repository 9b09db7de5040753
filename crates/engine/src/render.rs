//! Events as `GetExecutionHistory` shows them.
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html>

use serde_json::{Map, Value, json};
use trainyard_domain::Failure;
use trainyard_lang::asl::Resource;

use crate::{EventKind, HistoryEvent};

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
            EventKind::ExecutionStarted { .. } => "ExecutionStarted",
            EventKind::TaskScheduled { .. } => "TaskScheduled",
            EventKind::TaskStarted { .. } => "TaskStarted",
            EventKind::TaskSubmitted { .. } => "TaskSubmitted",
            EventKind::TaskSubmitFailed { .. } => "TaskSubmitFailed",
            EventKind::TaskSucceeded { .. } => "TaskSucceeded",
            EventKind::TaskFailed { .. } => "TaskFailed",
            EventKind::TaskTimedOut { .. } => "TaskTimedOut",
            EventKind::ExecutionSucceeded { .. } => "ExecutionSucceeded",
            EventKind::ExecutionFailed { .. } => "ExecutionFailed",
            EventKind::ExecutionTimedOut => "ExecutionTimedOut",
            EventKind::ExecutionAborted { .. } => "ExecutionAborted",
        };
        name.to_owned()
    }

    fn details(&self) -> (&'static str, Value) {
        match &self.kind {
            EventKind::ExecutionStarted { start, .. } => (
                "executionStarted",
                json!({
                    "input": start.input.to_string(),
                    "inputDetails": {"truncated": false},
                    "roleArn": start.role_arn,
                }),
            ),
            EventKind::StateEntered { name, input, .. } => (
                "stateEntered",
                json!({
                    "name": name,
                    "input": input.to_string(),
                    "inputDetails": {"truncated": false},
                }),
            ),
            EventKind::StateExited { name, output, .. } => {
                ("stateExited", with_output(json!({"name": name}), output))
            }
            EventKind::TaskScheduled { resource, region, parameters, timeout, heartbeat, .. } => {
                let mut details = called(resource);
                details["region"] = region.as_str().into();
                details["parameters"] = parameters.to_string().into();
                for (name, seconds) in [("timeoutInSeconds", timeout), ("heartbeatInSeconds", heartbeat)] {
                    if let Some(seconds) = seconds {
                        details[name] = (*seconds).into();
                    }
                }
                ("taskScheduled", details)
            }
            EventKind::TaskStarted { resource } => ("taskStarted", called(resource)),
            EventKind::TaskSubmitted { resource, output } => {
                ("taskSubmitted", with_output(called(resource), output))
            }
            EventKind::TaskSucceeded { resource, output } => {
                ("taskSucceeded", with_output(called(resource), output))
            }
            EventKind::TaskSubmitFailed { resource, failure, .. } => {
                ("taskSubmitFailed", with_failure(called(resource), failure))
            }
            EventKind::TaskFailed { resource, failure, .. } => {
                ("taskFailed", with_failure(called(resource), failure))
            }
            EventKind::TaskTimedOut { resource, failure, .. } => {
                ("taskTimedOut", with_failure(called(resource), failure))
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
        }
    }
}

fn called(resource: &Resource) -> Value {
    json!({"resourceType": resource.resource_type(), "resource": resource.resource()})
}

fn with_output(mut details: Value, output: &Value) -> Value {
    details["output"] = output.to_string().into();
    details["outputDetails"] = json!({"truncated": false});
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
