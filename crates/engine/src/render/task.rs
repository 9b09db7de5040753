//! Events of tasks: AWS shows them by the kind of what is called.

use serde_json::{Value, json};
use trainyard_lang::asl::Resource;

use super::{with_failure, with_input, with_output};
use crate::EventKind;

/// How events of one kind of resource are called.
pub(super) struct Family {
    /// `Task`, of `TaskScheduled`.
    pub(super) event: &'static str,
    /// What says that it could not be begun.
    pub(super) refused: &'static str,
    refused_details: &'static str,
    scheduled: &'static str,
    started: &'static str,
    succeeded: &'static str,
    failed: &'static str,
    timed_out: &'static str,
}

const TASK: Family = Family {
    event: "Task",
    refused: "TaskSubmitFailed",
    refused_details: "taskSubmitFailed",
    scheduled: "taskScheduled",
    started: "taskStarted",
    succeeded: "taskSucceeded",
    failed: "taskFailed",
    timed_out: "taskTimedOut",
};

const ACTIVITY: Family = Family {
    event: "Activity",
    refused: "ActivityScheduleFailed",
    refused_details: "activityScheduleFailed",
    scheduled: "activityScheduled",
    started: "activityStarted",
    succeeded: "activitySucceeded",
    failed: "activityFailed",
    timed_out: "activityTimedOut",
};

const FUNCTION: Family = Family {
    event: "LambdaFunction",
    refused: "LambdaFunctionScheduleFailed",
    refused_details: "lambdaFunctionScheduleFailed",
    scheduled: "lambdaFunctionScheduled",
    // It has no details.
    started: "",
    succeeded: "lambdaFunctionSucceeded",
    failed: "lambdaFunctionFailed",
    timed_out: "lambdaFunctionTimedOut",
};

pub(super) fn family(resource: &Resource) -> &'static Family {
    match resource {
        Resource::Service(_) | Resource::Sdk(_) => &TASK,
        Resource::Activity(_) => &ACTIVITY,
        Resource::Function(_) => &FUNCTION,
    }
}

fn plain(resource: &Resource) -> bool {
    family(resource).event == TASK.event
}

/// The name and the body of the details.
pub(super) fn details(kind: &EventKind) -> (&'static str, Value) {
    match kind {
        EventKind::TaskScheduled { resource, .. } => (family(resource).scheduled, scheduled(kind)),
        EventKind::TaskStarted { resource, worker } => {
            let mut details = called(resource);
            if let Some(worker) = worker {
                details["workerName"] = worker.as_str().into();
            }
            (family(resource).started, details)
        }
        EventKind::TaskSubmitted { resource, output } => {
            ("taskSubmitted", with_output(called(resource), output))
        }
        EventKind::TaskSucceeded { resource, output } => {
            (family(resource).succeeded, with_output(called(resource), output))
        }
        EventKind::TaskSubmitFailed { resource, failure, .. } => {
            (family(resource).refused_details, with_failure(called(resource), failure))
        }
        EventKind::TaskFailed { resource, failure, .. } => {
            (family(resource).failed, with_failure(called(resource), failure))
        }
        EventKind::TaskTimedOut { resource, failure, .. } => {
            (family(resource).timed_out, with_failure(called(resource), failure))
        }
        _ => ("", json!({})),
    }
}

fn scheduled(kind: &EventKind) -> Value {
    let EventKind::TaskScheduled { resource, region, parameters, timeout, heartbeat, role, .. } = kind else {
        return json!({});
    };
    let mut details = if plain(resource) {
        let mut details = called(resource);
        details["region"] = region.as_str().into();
        details["parameters"] = parameters.text().into();
        details
    } else {
        with_input(json!({"resource": resource.to_string()}), parameters)
    };
    for (name, seconds) in [("timeoutInSeconds", timeout), ("heartbeatInSeconds", heartbeat)] {
        if let Some(seconds) = seconds {
            details[name] = (*seconds).into();
        }
    }
    if let Some(role) = role {
        details["taskCredentials"] = json!({"roleArn": role});
    }
    details
}

/// Events of activities and functions do not repeat what is called.
fn called(resource: &Resource) -> Value {
    if plain(resource) {
        json!({"resourceType": resource.resource_type(), "resource": resource.resource()})
    } else {
        json!({})
    }
}
