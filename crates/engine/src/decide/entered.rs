//! A state that was entered and not left, as the definition and the run have it.

use trainyard_lang::asl::{Graph, State, StateKind};

use super::story::Story;
use crate::{
    StateType,
    frame::{Entry, FrameId},
};

/// Where one frame stands in the definition.
#[derive(Clone)]
pub(super) struct Entered<'d> {
    pub(super) frame: FrameId,
    pub(super) state: &'d State,
    pub(super) entry: Entry,
}

/// The state that the frame is in.
pub(super) fn entered<'d>(story: &Story<'d>, frame: FrameId) -> Option<Entered<'d>> {
    let entry = story.run.frame(frame)?.phase.entry()?.clone();
    let state = graph(story, frame)?.states.get(&*entry.state)?;
    Some(Entered { frame, state, entry })
}

/// The states among which the frame goes.
pub(super) fn graph<'d>(story: &Story<'d>, frame: FrameId) -> Option<&'d Graph> {
    let Some(place) = story.run.frame(frame)?.parent else { return Some(&story.machine.graph) };
    let around = story.run.frame(place.frame)?.phase.entry()?;
    let state = graph(story, place.frame)?.states.get(&*around.state)?;
    match &state.kind {
        StateKind::Parallel(parallel) => parallel.branches.get(place.index as usize),
        StateKind::Map(map) => Some(&map.processor),
        StateKind::Task(_)
        | StateKind::Pass(_)
        | StateKind::Choice(_)
        | StateKind::Wait(_)
        | StateKind::Succeed
        | StateKind::Fail(_) => None,
    }
}

/// The kind of a state, for events.
pub(super) fn kind_of(state: &State) -> StateType {
    match &state.kind {
        StateKind::Task(_) => StateType::Task,
        StateKind::Pass(_) => StateType::Pass,
        StateKind::Choice(_) => StateType::Choice,
        StateKind::Wait(_) => StateType::Wait,
        StateKind::Succeed => StateType::Succeed,
        StateKind::Fail(_) => StateType::Fail,
        StateKind::Parallel(_) => StateType::Parallel,
        StateKind::Map(_) => StateType::Map,
    }
}
