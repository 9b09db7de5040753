//! The context object: what `$$` and `$states.context` mean.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/input-output-contextobject.html>

use serde_json::{Value, json};
use trainyard_lang::asl::{Part, Parts};

use crate::{
    Payload, Run,
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

/// The context of a state. What it says of the execution and of the item is shared, not copied.
pub(super) fn context<'s>(
    run: &'s Run,
    frame: FrameId,
    entry: &Entry,
    More { retries, token, item }: More<'s>,
) -> Parts<'s> {
    let Some(start) = run.start() else { return Parts::default() };
    let mut state = Parts::default()
        .with("Name", Part::Made((*entry.state).into()))
        .with("EnteredTime", Part::Made(entry.time.to_string().into()));
    if retries {
        state = state.with("RetryCount", Part::Made(entry.retry_count.into()));
    }
    let mut context = Parts::default()
        .with("Execution", Part::Parts(execution(&run.context["Execution"], &start.input)))
        .with("StateMachine", Part::Shared(&run.context["StateMachine"]))
        .with("State", Part::Parts(state));
    if let Some(token) = token {
        context = context.with("Task", Part::Made(json!({"Token": token})));
    }
    let around = || innermost(run, frame);
    if let Some(Item { index, key, value, source }) = item.or_else(around) {
        let mut item = Parts::default().with("Index", Part::Made(index.into()));
        if let Some(key) = key {
            item = item.with("Key", Part::Made(key.into()));
        }
        item = item.with("Value", Part::Shared(value)).with("Source", Part::Made(source.into()));
        context = context.with("Map", Part::Parts(Parts::default().with("Item", Part::Parts(item))));
    }
    context
}

fn execution<'s>(known: &'s Value, input: &'s Payload) -> Parts<'s> {
    let mut execution = Parts::default();
    for (name, value) in known.as_object().into_iter().flatten() {
        execution = execution.with(name, Part::Shared(value));
        if name == "Id" {
            execution = execution.with("Input", Part::Shared(input.value()));
        }
    }
    execution
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
