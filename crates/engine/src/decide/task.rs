//! Calling a task, and what becomes of its result.

use trainyard_lang::asl::{Fault, Resource, Task};

use super::{
    entered::Entered,
    flow::{self, Leaving},
    limits,
    sight::Sight,
    story::Story,
    timers,
};
use crate::{Command, EventKind, Payload, TaskCall, token::token};

/// Calls the task of the state, for the first time or again.
pub(super) fn call(story: &mut Story<'_>, here: &Entered<'_>, task: &Task) -> Result<(), Fault> {
    let (flow, entry) = (&here.state.flow, &here.entry);
    let token = token(&story.run, here.frame, entry);
    let mut call = sight(story, here, task, &token).look(|scope| {
        let timeout = task.timeout.as_ref().map(|seconds| seconds.evaluate(flow, scope)).transpose()?;
        let heartbeat = task.heartbeat.as_ref().map(|seconds| seconds.evaluate(flow, scope)).transpose()?;
        let role = task.credentials.as_ref().map(|role| role.evaluate(flow, scope)).transpose()?;
        let parameters = flow.arguments(scope)?.into_owned().into();
        Ok::<_, Fault>(TaskCall {
            token: String::new(),
            resource: task.resource.clone(),
            parameters,
            role,
            state_name: entry.state.to_string(),
            retry_count: entry.retry_count,
            timeout,
            heartbeat,
        })
    })?;
    call.token = token;
    limits::check(story.at.payload_limit, &entry.state, &call.parameters)?;
    story.tell(
        here.frame,
        EventKind::TaskScheduled {
            resource: call.resource.clone(),
            region: region(story),
            parameters: call.parameters.clone(),
            timeout: call.timeout,
            heartbeat: call.heartbeat,
            role: call.role.clone(),
            token: call.token.clone(),
        },
    );
    // An activity is started by the worker that takes it.
    if !matches!(call.resource, Resource::Activity(_)) {
        story.tell(here.frame, EventKind::TaskStarted { resource: call.resource.clone(), worker: None });
    }
    if story.over() {
        return Ok(());
    }
    wake(story, here, &call);
    story.order(Command::RunTask(call));
    Ok(())
}

fn wake(story: &mut Story<'_>, here: &Entered<'_>, call: &TaskCall) {
    let (frame, entry) = (here.frame, &here.entry);
    let timers =
        [(call.timeout, timers::timeout(frame, entry)), (call.heartbeat, timers::heartbeat(frame, entry))];
    for (seconds, timer) in timers {
        if let Some(seconds) = seconds {
            let at = story.later(seconds * 1000);
            story.order(Command::WakeAt { timer, at });
        }
    }
}

/// Makes the state's output of the task's result and leaves.
pub(super) fn take(
    story: &mut Story<'_>,
    here: &Entered<'_>,
    task: &Task,
    (token, result): (&str, &Payload),
) -> Result<(), Fault> {
    let leaving = sight(story, here, task, token).look(|scope| {
        let left = here.state.flow.leave(scope, Some(std::borrow::Cow::Borrowed(result.value())))?;
        Ok(Leaving::new(left, &here.entry, Some(result)))
    })?;
    flow::leave(story, here, leaving, &task.next)
}

/// The token is seen by tasks that wait for it only.
fn sight<'s>(story: &'s Story<'_>, here: &'s Entered<'_>, task: &Task, token: &'s str) -> Sight<'s> {
    let sight = Sight::new(story, here);
    if task.resource.pattern().waits() { sight.with_token(token) } else { sight }
}

/// The region of the execution, out of its ARN.
fn region(story: &Story<'_>) -> String {
    let arn = story.run.start().map_or("", |start| start.execution_arn.as_str());
    arn.split(':').nth(3).unwrap_or_default().to_owned()
}
