//! What tasks say.

use serde_json::Value;
use trainyard_domain::Failure;
use trainyard_lang::asl::{State, StateKind, Task};

use super::{
    failure::{self, Ended},
    flow, limits,
    story::Story,
    task, timers,
};
use crate::{
    Command, EventKind,
    run::{Call, Entry, Phase},
};

/// A task that is under way.
pub(super) struct Attempt<'d> {
    pub(super) state: &'d State,
    pub(super) task: &'d Task,
    pub(super) entry: Entry,
    pub(super) call: Call,
}

/// The task under way, if it is the one with this token.
pub(super) fn under_way<'d>(story: &Story<'d>, token: &str) -> Option<Attempt<'d>> {
    let Phase::Calling { entry, call } = &story.run.frame.phase else { return None };
    let state = flow::state(story, &entry.state)?;
    let StateKind::Task(task) = &state.kind else { return None };
    (call.token == token).then(|| Attempt { state, task, entry: entry.clone(), call: call.clone() })
}

/// The call was answered; the task goes on.
pub(super) fn submitted(story: &mut Story<'_>, token: &str, response: &Value) {
    let Some(attempt) = under_way(story, token) else { return };
    let resource = &attempt.call.resource;
    if attempt.call.submitted || !resource.pattern().waits() {
        return;
    }
    match limits::check(&resource.to_string(), response) {
        Ok(_) => {
            story.tell(EventKind::TaskSubmitted { resource: resource.clone(), output: response.clone() });
        }
        Err(fault) => {
            let failure = Failure::new(fault.error, fault.cause);
            // The job was started all the same.
            story.order(Command::CancelTask { token: token.to_owned() });
            end(story, &attempt, &Ended::SubmitFailed(failure));
        }
    }
}

/// The call was refused. A task that does not wait has simply failed.
pub(super) fn refused(story: &mut Story<'_>, token: &str, failure: &Failure) {
    let Some(attempt) = under_way(story, token) else { return };
    let ended = if attempt.call.resource.pattern().waits() { Ended::SubmitFailed } else { Ended::Failed };
    end(story, &attempt, &ended(failure.clone()));
}

/// The task has ended well.
pub(super) fn succeeded(story: &mut Story<'_>, token: &str, output: &Value) {
    let Some(attempt) = under_way(story, token) else { return };
    let Attempt { state, task, entry, call } = &attempt;
    if let Err(fault) = limits::check(&call.resource.to_string(), output) {
        let failure = Failure::new(fault.error, fault.cause);
        return end(story, &attempt, &Ended::Failed(failure));
    }
    timers::forget_call(story, entry, call);
    story.tell(EventKind::TaskSucceeded { resource: call.resource.clone(), output: output.clone() });
    if story.over() {
        return;
    }
    if let Err(fault) = task::take(story, (state, task), entry, output) {
        failure::fault(story, entry, fault);
    }
    flow::go_on(story);
}

/// The task has ended badly.
pub(super) fn failed(story: &mut Story<'_>, token: &str, failure: &Failure) {
    if let Some(attempt) = under_way(story, token) {
        end(story, &attempt, &Ended::Failed(failure.clone()));
    }
}

/// The task was heard of: the heartbeat's timer begins anew.
pub(super) fn heard(story: &mut Story<'_>, token: &str) {
    let Some(attempt) = under_way(story, token) else { return };
    if let Some(seconds) = attempt.call.heartbeat {
        let at = story.later(seconds * 1000);
        story.order(Command::WakeAt { timer: timers::heartbeat(&attempt.entry), at });
    }
}

/// The task took too long, or was not heard of.
pub(super) fn late(story: &mut Story<'_>, token: &str, ended: &Ended) {
    if let Some(attempt) = under_way(story, token) {
        story.order(Command::CancelTask { token: token.to_owned() });
        end(story, &attempt, ended);
    }
}

/// The task will not end well: it is tried again, caught, or the execution has failed.
fn end(story: &mut Story<'_>, attempt: &Attempt<'_>, ended: &Ended) {
    timers::forget_call(story, &attempt.entry, &attempt.call);
    failure::of_task(story, attempt, ended);
    flow::go_on(story);
}
