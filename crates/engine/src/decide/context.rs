//! The context object: what `$$` means.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html>

use serde_json::{Value, json};

use crate::{Run, run::Entry};

/// The context of a state; `task` for Task states: how often they were tried, and the token of those that wait.
pub(super) fn context(run: &Run, entry: &Entry, task: Option<Option<&str>>) -> Value {
    let Some(start) = run.start() else { return json!({}) };
    let mut context = json!({
        "Execution": {
            "Id": start.execution_arn,
            "Input": start.input,
            "StartTime": start.start_time.to_string(),
            "Name": start.name,
            "RoleArn": start.role_arn,
            "RedriveCount": 0,
        },
        "StateMachine": {"Id": start.machine_arn, "Name": start.machine_name},
        "State": {"Name": entry.state, "EnteredTime": entry.time.to_string()},
    });
    if let Some(token) = task {
        context["State"]["RetryCount"] = entry.retry_count.into();
        if let Some(token) = token {
            context["Task"] = json!({"Token": token});
        }
    }
    context
}
