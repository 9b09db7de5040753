//! What Parallel and inline Map have in common: branches and iterations, and what comes of them.

use trainyard_lang::asl::{Fault, Map, Parallel, StateKind};

use super::{
    entered::{self, Entered},
    failure, flow, map,
    story::Story,
};
use crate::{
    EventKind, Payload,
    frame::{Fork, FrameId, Phase},
};

/// Begins iterations as far as there is room for them, or ends the state when all have ended.
pub(super) fn go_on(story: &mut Story<'_>, frame: FrameId) {
    let Some(here) = entered::entered(story, frame) else { return };
    let Some(Phase::Forked(fork)) = story.run.frame(frame).map(|frame| &frame.phase) else { return };
    let done = match (&here.state.kind, fork.is_done()) {
        (StateKind::Parallel(parallel), true) => {
            let results = results(fork);
            end_parallel(story, &here, parallel, &results)
        }
        (StateKind::Map(map), true) => {
            let results = results(fork);
            end_map(story, &here, map, &results)
        }
        (StateKind::Map(map), false) => map::iterate(story, &here, map),
        _ => return,
    };
    if let Err(fault) = done {
        failure::fault(story, &here, fault);
    }
}

/// All branches have ended well.
pub(super) fn end_parallel(
    story: &mut Story<'_>,
    here: &Entered<'_>,
    parallel: &Parallel,
    results: &Payload,
) -> Result<(), Fault> {
    story.tell(here.frame, EventKind::ParallelStateSucceeded);
    flow::leave_with(story, here, results, &parallel.next)
}

/// All iterations have ended well.
pub(super) fn end_map(
    story: &mut Story<'_>,
    here: &Entered<'_>,
    map: &Map,
    results: &Payload,
) -> Result<(), Fault> {
    story.tell(here.frame, EventKind::MapStateSucceeded);
    flow::leave_with(story, here, results, &map.next)
}

/// What all branches or iterations gave, in the order of the definition or the items.
fn results(fork: &Fork) -> Payload {
    Payload::list(fork.results.iter().map(|(_, result)| result))
}
