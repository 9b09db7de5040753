//! What Parallel and inline Map have in common: branches and iterations, and what comes of them.

use trainyard_lang::asl::StateKind;

use super::{entered, failure, map, parallel, story::Story};
use crate::{
    Payload,
    frame::{Fork, FrameId, Phase},
};

/// Begins iterations as far as there is room for them, or ends the state when all have ended.
pub(super) fn go_on(story: &mut Story<'_>, frame: FrameId) {
    let Some(here) = entered::entered(story, frame) else { return };
    let Some(Phase::Forked(fork)) = story.run.frame(frame).map(|frame| &frame.phase) else { return };
    let done = match (&here.state.kind, fork.is_done()) {
        (StateKind::Parallel(parallel), true) => {
            let results = results(fork);
            parallel::end(story, &here, parallel, results)
        }
        (StateKind::Map(map), true) => {
            let results = results(fork);
            map::end(story, &here, map, results)
        }
        (StateKind::Map(map), false) => map::iterate(story, &here, map),
        _ => return,
    };
    if let Err(fault) = done {
        failure::fault(story, &here, fault);
    }
}

/// What all branches or iterations gave, in the order of the definition or the items.
fn results(fork: &Fork) -> Payload {
    Payload::list(fork.results.iter().map(|(_, result)| result))
}
