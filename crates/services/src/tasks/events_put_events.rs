//! `events:putEvents`: tells events; with `.waitForTaskToken`, whoever hears them answers.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/connect-eventbridge.html>

use async_trait::async_trait;
use serde::Deserialize;
use serde_json::{Value, json};
use trainyard_domain::{Failure, Timestamp};

use crate::{
    bus::{Bus, Entry},
    executions::task::{Call, Pattern, Started, Task, TaskError},
    refusal::Refusal,
};

/// The task.
pub struct EventsPutEvents(pub Bus);

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Parameters {
    entries: Vec<Told>,
}

/// An entry as a definition has it: its detail is JSON and not text.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Told {
    detail: Option<Value>,
    detail_type: Option<String>,
    event_bus_name: Option<String>,
    #[serde(default)]
    resources: Vec<String>,
    source: Option<String>,
    time: Option<String>,
}

#[async_trait]
impl Task for EventsPutEvents {
    fn resource(&self) -> &'static str {
        "events:putEvents"
    }

    fn takes(&self, pattern: Pattern) -> bool {
        matches!(pattern, Pattern::RequestResponse | Pattern::WaitForTaskToken)
    }

    /// The events' ids follow from the call's token: what is told again is known by its id.
    async fn start(&self, call: &Call) -> Result<Started, TaskError> {
        let parameters: Parameters =
            serde_json::from_value(call.parameters.clone()).map_err(|e| invalid(e.to_string()))?;
        let entries =
            parameters.entries.into_iter().map(|told| entry(told, call)).collect::<Result<_, _>>()?;
        let told = self.0.put_events(&call.principal, &call.scope, entries, Some(&call.token)).await;
        let told = told.map_err(|error| match error {
            crate::bus::Error::Store(error) => TaskError::Trouble(error.to_string()),
            error => {
                TaskError::Failed(Failure::new(format!("EventBridge.{}", error.code()), error.to_string()))
            }
        })?;
        let failed = told.iter().filter(|answer| answer.is_err()).count();
        let entries: Vec<Value> = told
            .iter()
            .map(|answer| match answer {
                Ok(id) => json!({"EventId": id}),
                Err(rejected) => json!({"ErrorCode": rejected.code, "ErrorMessage": rejected.message}),
            })
            .collect();
        let response = json!({"Entries": entries, "FailedEntryCount": failed});
        if failed > 0 {
            let failure = Failure::new("EventBridge.FailedEntry", response.to_string());
            return Err(TaskError::Failed(failure));
        }
        Ok(Started { response, subject: None })
    }

    async fn observe(&self, _: &Call, started: &Started) -> Result<Option<Value>, TaskError> {
        Ok(Some(started.response.clone()))
    }

    async fn cancel(&self, _: &Call, _: Option<&Started>) -> Result<(), TaskError> {
        Ok(())
    }
}

fn invalid(why: String) -> TaskError {
    TaskError::Failed(Failure::new("EventBridge.ValidationException", why))
}

fn entry(told: Told, call: &Call) -> Result<Entry, TaskError> {
    let time = told.time.as_deref().map(str::parse::<Timestamp>).transpose();
    let mut resources = told.resources;
    resources.push(call.execution.to_string());
    if let Some((machine, _)) = call.execution.resource_of("execution").and_then(|r| r.split_once(':')) {
        let resource = format!("stateMachine:{machine}");
        resources.push(trainyard_domain::Arn { resource, ..call.execution.clone() }.to_string());
    }
    Ok(Entry {
        time: time.map_err(|e| invalid(e.to_string()))?,
        source: told.source,
        resources,
        detail_type: told.detail_type,
        detail: told.detail.map(|detail| match detail {
            Value::String(text) => text,
            detail => detail.to_string(),
        }),
        bus: told.event_bus_name,
    })
}
