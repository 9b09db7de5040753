//! What tasks say.

use serde_json::Value;
use trainyard_domain::Failure;
use trainyard_lang::asl::{Resource, StateKind, Task};

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

/// The task under way, if it is the one with this token.
pub(super) fn under_way<'d>(story: &Story<'d>, token: &str) -> Option<(&'d Task, Entry, Call)> {
    let Phase::Calling { entry, call } = &story.run.frame.phase else { return None };
    let StateKind::Task(task) = &flow::state(story, &entry.state)?.kind else { return None };
    (call.token == token).then(|| (&**task, entry.clone(), call.clone()))
}

/// The call was answered; the task goes on.
pub(super) fn submitted(story: &mut Story<'_>, token: &str, response: &Value) {
    let Some((task, entry, call)) = under_way(story, token) else { return };
    if call.submitted || !call.resource.pattern().waits() {
        return;
    }
    match limits::check(&call.resource.to_string(), response) {
        Ok(_) => story.tell(EventKind::TaskSubmitted { resource: call.resource, output: response.clone() }),
        Err(fault) => {
            let failure = Failure::new(fault.error, fault.cause);
            end(story, (task, &entry, &call), Ended::SubmitFailed(failure));
        }
    }
}

/// The call was refused. A task that does not wait has simply failed.
pub(super) fn refused(story: &mut Story<'_>, token: &str, failure: &Failure) {
    let Some((task, entry, call)) = under_way(story, token) else { return };
    let ended = if call.resource.pattern().waits() { Ended::SubmitFailed } else { Ended::Failed };
    end(story, (task, &entry, &call), ended(failure.clone()));
}

/// The task has ended well.
pub(super) fn succeeded(story: &mut Story<'_>, token: &str, output: &Value) {
    let Some((task, entry, call)) = under_way(story, token) else { return };
    if let Err(fault) = limits::check(&call.resource.to_string(), output) {
        let failure = Failure::new(fault.error, fault.cause);
        return end(story, (task, &entry, &call), Ended::Failed(failure));
    }
    timers::forget_call(story, &entry, &call);
    story.tell(EventKind::TaskSucceeded { resource: call.resource, output: output.clone() });
    if story.over() {
        return;
    }
    if let Err(fault) = task::take(story, task, &entry, output) {
        failure::fault(story, &entry, fault);
    }
    flow::go_on(story);
}

/// The task has ended badly.
pub(super) fn failed(story: &mut Story<'_>, token: &str, failure: &Failure) {
    let Some((task, entry, call)) = under_way(story, token) else { return };
    end(story, (task, &entry, &call), Ended::Failed(failure.clone()));
}

/// The task was heard of: the heartbeat's timer begins anew.
pub(super) fn heard(story: &mut Story<'_>, token: &str) {
    let Some((_, entry, call)) = under_way(story, token) else { return };
    if let Some(seconds) = call.heartbeat {
        let at = story.later(seconds * 1000);
        story.order(Command::WakeAt { timer: timers::heartbeat(&entry), at });
    }
}

/// The task will not end well: it is tried again, caught, or the execution has failed.
pub(super) fn end(story: &mut Story<'_>, (task, entry, call): (&Task, &Entry, &Call), ended: Ended) {
    timers::forget_call(story, entry, call);
    if ended.is_timeout() {
        story.order(Command::CancelTask { token: call.token.clone() });
    }
    failure::of_task(story, task, entry, ended.with(call.resource.clone()));
    flow::go_on(story);
}

impl Ended {
    fn with(self, resource: Resource) -> (Resource, Self) {
        (resource, self)
    }
}
