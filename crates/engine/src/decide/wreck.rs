//! Giving up what is under way.

use super::{entered::kind_of, story::Story, timers};
use crate::{
    Command, EventKind,
    frame::{FrameId, Phase},
};

/// Orders the end of whatever the frame, and those inside it, wait for. No event tells of it: the execution is over.
pub(super) fn abandon(story: &mut Story<'_>, frame: FrameId) {
    let Some(phase) = story.run.frame(frame).map(|frame| frame.phase.clone()) else { return };
    for child in phase.children() {
        abandon(story, child);
    }
    match phase {
        Phase::Waiting { entry, .. } => {
            story.order(Command::ForgetTimer { timer: timers::wait(frame, &entry) });
        }
        Phase::Retrying { timer, .. } => story.order(Command::ForgetTimer { timer }),
        Phase::Calling { entry, call } => {
            timers::forget_call(story, (frame, &entry), &call);
            story.order(Command::CancelTask { token: call.token, resource: call.resource });
        }
        Phase::MapRun { call, .. } => story.order(Command::StopMapRun { token: call.token, arn: call.arn }),
        Phase::Between { .. }
        | Phase::Entered(_)
        | Phase::Forked(_)
        | Phase::Answered(_)
        | Phase::Closed(_)
        | Phase::Over => {}
    }
}

/// Gives up the branches or iterations of a state, but not the one that has failed.
pub(super) fn abort_others(story: &mut Story<'_>, around: FrameId, failed: FrameId) {
    let children = story.run.frame(around).map(|frame| frame.phase.children()).unwrap_or_default();
    for child in children {
        if child != failed {
            abort(story, around, child);
        }
    }
}

/// Gives up all branches or iterations of a state.
pub(super) fn abort_children(story: &mut Story<'_>, around: FrameId) {
    // None has that number.
    abort_others(story, around, around);
}

/// The states that the frame is in are left without a result, the innermost first; an iteration says so too.
fn abort(story: &mut Story<'_>, around: FrameId, frame: FrameId) {
    abort_children(story, frame);
    let Some(phase) = story.run.frame(frame).map(|frame| frame.phase.clone()) else { return };
    if let (Some(entry), Some(graph)) = (phase.entry(), super::entered::graph(story, frame)) {
        let state = graph.states.get(&*entry.state).map(kind_of);
        abandon(story, frame);
        if let Phase::MapRun { .. } = phase {
            story.tell(frame, EventKind::MapRunAborted);
        }
        if let Some(state) = state {
            story.tell(frame, EventKind::StateAborted { state });
        }
    }
    let place = story.run.frame(frame).and_then(|frame| frame.parent);
    let name = match story.run.frame(around).map(|frame| &frame.phase) {
        Some(Phase::Forked(fork)) if fork.iterates => Some(fork.entry.state.clone()),
        _ => None,
    };
    if let (Some(name), Some(place)) = (name, place) {
        story.tell(frame, EventKind::MapIterationAborted { name, index: place.index });
    }
}
