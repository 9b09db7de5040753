//! The context object: what `$$` and `$states.context` mean.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html>

use serde_json::{Value, json};

use crate::{
    Run,
    command::STATE_DATA,
    frame::{Entry, FrameId, Phase},
};

/// What only some states see.
#[derive(Clone, Copy)]
pub(super) struct More<'s> {
    /// Whether the state can be tried again.
    pub(super) retries: bool,
    /// The token of a task that waits for it to be answered.
    pub(super) token: Option<&'s str>,
    /// The item that an iteration is to be made of.
    pub(super) item: Option<Item<'s>>,
}

/// One item of a Map.
#[derive(Clone, Copy)]
pub(super) struct Item<'s> {
    pub(super) index: u32,
    /// The name of the member that it is, of an object.
    pub(super) key: Option<&'s str>,
    pub(super) value: &'s Value,
    pub(super) source: &'s str,
}

/// The context of a state.
pub(super) fn context(
    run: &Run,
    frame: FrameId,
    entry: &Entry,
    More { retries, token, item }: More<'_>,
) -> Value {
    let Some(start) = run.start() else { return json!({}) };
    let mut context = json!({
        "Execution": {
            "Id": start.execution_arn,
            "Input": start.input.value(),
            "StartTime": start.start_time.to_string(),
            "Name": start.name,
            "RoleArn": start.role_arn,
        },
        "StateMachine": {"Id": start.machine_arn, "Name": start.machine_name},
        "State": {
            "Name": &*entry.state,
            "EnteredTime": entry.time.to_string(),
        },
    });
    if let Some(count) = start.redrive_count {
        context["Execution"]["RedriveCount"] = count.into();
    }
    if retries {
        context["State"]["RetryCount"] = entry.retry_count.into();
    }
    if let Some(token) = token {
        context["Task"] = json!({"Token": token});
    }
    let around = || innermost(run, frame);
    if let Some(Item { index, key, value, source }) = item.or_else(around) {
        let mut item = json!({"Index": index});
        if let Some(key) = key {
            item["Key"] = key.into();
        }
        item["Value"] = value.clone();
        item["Source"] = source.into();
        context["Map"] = json!({"Item": item});
    }
    context
}

/// The item of the innermost iteration around.
fn innermost(run: &Run, frame: FrameId) -> Option<Item<'_>> {
    let mut place = run.frame(frame)?.parent?;
    loop {
        let around = run.frame(place.frame)?;
        if let Phase::Forked(fork) = &around.phase
            && fork.iterates
        {
            let value = fork.input.get(place.index as usize)?;
            return Some(Item { index: place.index, key: None, value, source: STATE_DATA });
        }
        place = around.parent?;
    }
}
