//! The context object: what `$$` and `$states.context` mean.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html>

use serde_json::{Value, json};

use crate::{
    Run,
    frame::{Entry, FrameId, Phase},
};

/// The context of a state: with the token of a task that waits for it, and the item that a Map is at.
pub(super) fn context(
    run: &Run,
    frame: FrameId,
    entry: &Entry,
    (token, item): (Option<&str>, Option<(u32, &Value)>),
) -> Value {
    let Some(start) = run.start() else { return json!({}) };
    let mut context = json!({
        "Execution": {
            "Id": start.execution_arn,
            "Input": start.input.value(),
            "StartTime": start.start_time.to_string(),
            "Name": start.name,
            "RoleArn": start.role_arn,
            "RedriveCount": 0,
        },
        "StateMachine": {"Id": start.machine_arn, "Name": start.machine_name},
        "State": {
            "Name": &*entry.state,
            "EnteredTime": entry.time.to_string(),
            "RetryCount": entry.retry_count,
        },
    });
    if let Some(token) = token {
        context["Task"] = json!({"Token": token});
    }
    let around = || innermost(run, frame);
    if let Some((index, item)) = item.or_else(around) {
        context["Map"] = json!({"Item": {"Index": index, "Value": item}});
    }
    context
}

/// The item of the innermost iteration around.
fn innermost(run: &Run, frame: FrameId) -> Option<(u32, &Value)> {
    let mut place = run.frame(frame)?.parent?;
    loop {
        let around = run.frame(place.frame)?;
        if let Phase::Forked(fork) = &around.phase
            && fork.iterates
        {
            return Some((place.index, fork.input.get(place.index as usize)?));
        }
        place = around.parent?;
    }
}
