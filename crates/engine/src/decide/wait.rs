//! Carrying out a Wait state.

use serde_json::Value;
use trainyard_domain::Timestamp;
use trainyard_lang::asl::{Fault, State, StateKind, Wait};

use super::{failure, flow, sight::Sight, story::Story};
use crate::{EventKind, StateType, run::Entry};

/// Enters the state. The end of the wait is part of that event, so that the fold knows it.
pub(super) fn enter(story: &mut Story<'_>, state: &State, wait: &Wait, input: Value) {
    let entry = Entry {
        state: state.name.clone(),
        id: story.run.last_id + 1,
        time: story.at.now,
        input,
        retry_count: 0,
        retries: Default::default(),
    };
    let sight = Sight::new(story, &entry);
    let ends = sight.see(|scope| wait.ends(&state.flow, scope).map(Timestamp));
    story.tell(EventKind::StateEntered {
        state: StateType::Wait,
        name: state.name.clone(),
        input: entry.input.clone(),
        until: ends.as_ref().ok().copied(),
    });
    if let Err(fault) = ends {
        failure::fault(story, &entry, fault);
    }
}

/// Leaves the state when its time has come.
pub(super) fn leave(story: &mut Story<'_>, entry: &Entry) {
    let Some(state) = flow::state(story, &entry.state) else { return };
    let StateKind::Wait(wait) = &state.kind else { return };
    if let Err(fault) = pass_on(story, state, wait, entry) {
        failure::fault(story, entry, fault);
    }
}

fn pass_on(story: &mut Story<'_>, state: &State, wait: &Wait, entry: &Entry) -> Result<(), Fault> {
    let left = Sight::new(story, entry).see(|scope| state.flow.leave(scope, None).map(flow::kept))?;
    flow::leave(story, entry, left, &wait.next)
}
