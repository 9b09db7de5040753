//! Timers: their names, and what follows when one fires.
//!
//! A timer's name says which frame it is of, so that nobody searches: `wait/7` of the root, `wait/7@3` of frame 3.

use trainyard_lang::asl::StateKind;

use super::{
    answer, entered,
    entered::Entered,
    failure::{self, Ended},
    flow, map, parallel,
    story::Story,
    task, wait as wait_state, wreck,
};
use crate::{
    Command, EventKind, TimerId,
    frame::{Call, Entry, FrameId, Phase, ROOT},
};

/// The end of the whole execution, or of this redrive of it.
pub(crate) fn execution(redrives: u32) -> TimerId {
    TimerId(since(redrives, "execution".to_owned()))
}

/// The rest of a decision that has grown long.
pub(crate) fn breath() -> TimerId {
    TimerId(BREATH.to_owned())
}

const BREATH: &str = "go-on";

fn named(frame: FrameId, entry: &Entry, name: String) -> TimerId {
    let name = since(entry.redrive, name);
    TimerId(if frame == ROOT { name } else { format!("{name}@{frame}") })
}

/// A timer of a redrive is none of those that were set before it.
fn since(redrive: u32, name: String) -> String {
    if redrive == 0 { name } else { format!("{name}+{redrive}") }
}

/// The end of a Wait state.
pub(crate) fn wait(frame: FrameId, entry: &Entry) -> TimerId {
    named(frame, entry, format!("wait/{}", entry.id))
}

/// The end of an attempt.
pub(crate) fn timeout(frame: FrameId, entry: &Entry) -> TimerId {
    named(frame, entry, format!("timeout/{}/{}", entry.id, entry.retry_count))
}

/// The time until which an attempt must be heard of.
pub(crate) fn heartbeat(frame: FrameId, entry: &Entry) -> TimerId {
    named(frame, entry, format!("heartbeat/{}/{}", entry.id, entry.retry_count))
}

/// The next attempt.
pub(super) fn retry(frame: FrameId, entry: &Entry) -> TimerId {
    named(frame, entry, format!("retry/{}/{}", entry.id, entry.retry_count + 1))
}

/// Forgets the timers of an attempt.
pub(super) fn forget_call(story: &mut Story<'_>, (frame, entry): (FrameId, &Entry), call: &Call) {
    for (set, timer) in [(call.timeout, timeout(frame, entry)), (call.heartbeat, heartbeat(frame, entry))] {
        if set.is_some() {
            story.order(Command::ForgetTimer { timer });
        }
    }
}

/// A timer has fired; one that nobody waits for any more changes nothing.
pub(super) fn fired(story: &mut Story<'_>, timer: &TimerId) {
    if *timer == execution(story.run.redrives) {
        if story.run.deadline.is_some() {
            wreck::abandon(story, ROOT);
            story.tell(ROOT, EventKind::ExecutionTimedOut);
        }
        return;
    }
    // The first format named the event after which it rested.
    if timer.as_str().starts_with(BREATH) {
        return flow::go_on(story);
    }
    let frame = match timer.as_str().rsplit_once('@') {
        Some((_, frame)) => frame.parse().ok(),
        None => Some(ROOT),
    };
    if let Some(here) = frame.and_then(|frame| entered::entered(story, frame)) {
        of_state(story, &here, timer);
    }
}

fn of_state(story: &mut Story<'_>, here: &Entered<'_>, timer: &TimerId) {
    let (frame, entry) = (here.frame, &here.entry);
    let phase = story.run.frame(frame).map(|frame| frame.phase.clone());
    let done = match (phase, &here.state.kind) {
        (Some(Phase::Waiting { .. }), StateKind::Wait(state)) if *timer == wait(frame, entry) => {
            wait_state::leave(story, here, state)
        }
        (Some(Phase::Calling { call, .. }), _)
            if *timer == timeout(frame, entry) && call.timeout.is_some() =>
        {
            return answer::late(story, &call.token, &Ended::TimedOut);
        }
        (Some(Phase::Calling { call, .. }), _)
            if *timer == heartbeat(frame, entry) && call.heartbeat.is_some() =>
        {
            return answer::late(story, &call.token, &Ended::Silent);
        }
        (Some(Phase::Retrying { timer: set, .. }), kind) if *timer == set => match kind {
            StateKind::Task(task) => task::call(story, here, task),
            StateKind::Parallel(parallel) => parallel::start(story, here, parallel),
            StateKind::Map(map) => map::start(story, here, map),
            StateKind::Pass(_)
            | StateKind::Choice(_)
            | StateKind::Wait(_)
            | StateKind::Succeed
            | StateKind::Fail(_) => return,
        },
        _ => return,
    };
    if let Err(fault) = done {
        failure::fault(story, here, fault);
    }
    flow::go_on(story);
}
