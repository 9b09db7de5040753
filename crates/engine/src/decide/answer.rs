//! What tasks say.

use serde_json::Value;
use trainyard_domain::Failure;
use trainyard_lang::asl::{Resource, StateKind, Task};

use super::{
    entered::{Entered, entered},
    failure::{self, Ended},
    flow, limits,
    story::Story,
    task, timers,
};
use crate::{
    Command, EventKind, Payload,
    frame::{Call, Phase},
};

/// A task that is under way.
pub(super) struct Attempt<'d> {
    pub(super) here: Entered<'d>,
    pub(super) task: &'d Task,
    pub(super) call: Call,
}

/// The task under way, if it is the one with this token.
fn under_way<'d>(story: &Story<'d>, token: &str) -> Option<Attempt<'d>> {
    let here = entered(story, story.run.calling(token)?)?;
    let Phase::Calling { call, .. } = &story.run.frame(here.frame)?.phase else { return None };
    let StateKind::Task(task) = &here.state.kind else { return None };
    Some(Attempt { task, call: call.clone(), here })
}

/// A worker has taken the task of an activity.
pub(super) fn taken(story: &mut Story<'_>, token: &str, worker: Option<&str>) {
    let Some(Attempt { here, call, .. }) = under_way(story, token) else { return };
    if !call.started {
        let worker = worker.map(str::to_owned);
        story.tell(here.frame, EventKind::TaskStarted { resource: call.resource, worker });
    }
}

/// The call was answered; the task goes on.
pub(super) fn submitted(story: &mut Story<'_>, token: &str, response: &Value) {
    let Some(attempt) = under_way(story, token) else { return };
    let resource = &attempt.call.resource;
    if attempt.call.submitted || !resource.pattern().waits() {
        return;
    }
    let output: Payload = response.clone().into();
    match limits::check(story.at.payload_limit, &resource.to_string(), &output) {
        Ok(_) => {
            story.tell(attempt.here.frame, EventKind::TaskSubmitted { resource: resource.clone(), output });
        }
        Err(fault) => {
            let failure = Failure::new(fault.error, fault.cause);
            // The job was started all the same.
            story.order(Command::CancelTask { token: token.to_owned(), resource: resource.clone() });
            end(story, &attempt, &Ended::SubmitFailed(failure));
        }
    }
}

/// The call was refused. A task that does not wait has simply failed; of an activity, nobody could be offered it.
pub(super) fn refused(story: &mut Story<'_>, token: &str, failure: &Failure) {
    let Some(attempt) = under_way(story, token) else { return };
    let resource = &attempt.call.resource;
    let begins = resource.pattern().waits() || matches!(resource, Resource::Activity(_));
    let ended = if begins { Ended::SubmitFailed } else { Ended::Failed };
    end(story, &attempt, &ended(failure.clone()));
}

/// The task has ended well.
pub(super) fn succeeded(story: &mut Story<'_>, token: &str, output: &Value) {
    let Some(attempt) = under_way(story, token) else { return };
    let Attempt { here, task, call } = &attempt;
    let output: Payload = output.clone().into();
    if let Err(fault) = limits::check(story.at.payload_limit, &call.resource.to_string(), &output) {
        let failure = Failure::new(fault.error, fault.cause);
        return end(story, &attempt, &Ended::Failed(failure));
    }
    timers::forget_call(story, (here.frame, &here.entry), call);
    let kind = EventKind::TaskSucceeded { resource: call.resource.clone(), output: output.clone() };
    story.tell(here.frame, kind);
    if story.over() {
        return;
    }
    if let Err(fault) = task::take(story, here, task, (token, &output)) {
        failure::fault(story, here, fault);
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
    let Some(Attempt { here, call, .. }) = under_way(story, token) else { return };
    if let Some(seconds) = call.heartbeat {
        let at = story.later(seconds * 1000);
        story.order(Command::WakeAt { timer: timers::heartbeat(here.frame, &here.entry), at });
    }
}

/// The task took too long, or was not heard of.
pub(super) fn late(story: &mut Story<'_>, token: &str, ended: &Ended) {
    if let Some(attempt) = under_way(story, token) {
        let resource = attempt.call.resource.clone();
        story.order(Command::CancelTask { token: token.to_owned(), resource });
        end(story, &attempt, ended);
    }
}

/// The task will not end well: it is tried again, caught, or handed up.
fn end(story: &mut Story<'_>, attempt: &Attempt<'_>, ended: &Ended) {
    timers::forget_call(story, (attempt.here.frame, &attempt.here.entry), &attempt.call);
    failure::of_task(story, attempt, ended);
    flow::go_on(story);
}
