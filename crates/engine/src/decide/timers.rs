//! Timers: their names, and what follows when one fires.

use trainyard_lang::asl::StateKind;

use super::{
    answer,
    failure::{self, Ended},
    flow,
    story::Story,
    task, wait as wait_state,
};
use crate::{
    Command, EventKind, Run, TimerId,
    run::{Call, Entry, Phase},
};

/// The end of the whole execution.
pub(super) fn execution() -> TimerId {
    TimerId("execution".to_owned())
}

/// The end of a Wait state.
pub(super) fn wait(entry: &Entry) -> TimerId {
    TimerId(format!("wait/{}", entry.id))
}

/// The end of an attempt.
pub(super) fn timeout(entry: &Entry) -> TimerId {
    TimerId(format!("timeout/{}/{}", entry.id, entry.retry_count))
}

/// The time until which an attempt must be heard of.
pub(super) fn heartbeat(entry: &Entry) -> TimerId {
    TimerId(format!("heartbeat/{}/{}", entry.id, entry.retry_count))
}

/// The next attempt.
pub(super) fn retry(entry: &Entry) -> TimerId {
    TimerId(format!("retry/{}/{}", entry.id, entry.retry_count + 1))
}

/// The rest of a decision that has grown long.
pub(super) fn breath(run: &Run) -> TimerId {
    TimerId(format!("go-on/{}", run.last_id))
}

/// Forgets the timers of an attempt.
pub(super) fn forget_call(story: &mut Story<'_>, entry: &Entry, call: &Call) {
    for (set, timer) in [(call.timeout, timeout(entry)), (call.heartbeat, heartbeat(entry))] {
        if set.is_some() {
            story.order(Command::ForgetTimer { timer });
        }
    }
}

/// A timer has fired; one that nobody waits for any more changes nothing.
pub(super) fn fired(story: &mut Story<'_>, timer: &TimerId) {
    if *timer == execution() {
        if story.run.deadline.is_some() {
            flow::abandon(story);
            flow::finish(story, EventKind::ExecutionTimedOut);
        }
        return;
    }
    match story.run.frame.phase.clone() {
        Phase::Waiting { entry, .. } if *timer == wait(&entry) => wait_state::leave(story, &entry),
        Phase::Calling { entry, call } if *timer == timeout(&entry) && call.timeout.is_some() => {
            return answer::late(story, &call.token, &Ended::TimedOut);
        }
        Phase::Calling { entry, call } if *timer == heartbeat(&entry) && call.heartbeat.is_some() => {
            return answer::late(story, &call.token, &Ended::Silent);
        }
        Phase::Retrying { entry, timer: set, .. } if *timer == set => again(story, &entry),
        Phase::Between { .. } if *timer == breath(&story.run) => {}
        _ => return,
    }
    flow::go_on(story);
}

fn again(story: &mut Story<'_>, entry: &Entry) {
    let Some(state) = flow::state(story, &entry.state) else { return };
    let StateKind::Task(task) = &state.kind else { return };
    if let Err(fault) = task::call(story, state, task, entry) {
        failure::fault(story, entry, fault);
    }
}
