//! Calling a task, and what becomes of its result.

use std::borrow::Cow;

use serde_json::Value;
use trainyard_lang::asl::{Fault, Resource, Seconds, State, Task};

use super::{flow, limits, sight::Sight, story::Story, timers, token::token};
use crate::{Command, EventKind, TaskCall, run::Entry};

/// Calls the task of the state, for the first time or again.
pub(super) fn call(story: &mut Story<'_>, state: &State, task: &Task, entry: &Entry) -> Result<(), Fault> {
    if let Resource::Function(arn) | Resource::Activity(arn) = &task.resource {
        return Err(Fault::runtime(format!("Tasks that call {arn} are not run yet.")));
    }
    let token = token(&story.run, entry);
    let sight = Sight::of_task(story, entry, task.resource.pattern().waits().then_some(&token));
    let (timeout, heartbeat, parameters) = sight.see(|scope| {
        let read =
            |seconds: &Option<Seconds>| seconds.as_ref().map(|s| s.evaluate(&state.flow, scope)).transpose();
        let (timeout, heartbeat) = (read(&task.timeout)?, read(&task.heartbeat)?);
        Ok((timeout, heartbeat, state.flow.arguments(scope)?.into_owned()))
    })?;
    limits::check(&entry.state, &parameters)?;
    story.tell(EventKind::TaskScheduled {
        resource: task.resource.clone(),
        region: region(story),
        parameters: parameters.clone(),
        timeout,
        heartbeat,
        token: token.clone(),
    });
    story.tell(EventKind::TaskStarted { resource: task.resource.clone() });
    if story.over() {
        return Ok(());
    }
    for (seconds, timer) in [(timeout, timers::timeout(entry)), (heartbeat, timers::heartbeat(entry))] {
        if let Some(seconds) = seconds {
            let at = story.later(seconds * 1000);
            story.order(Command::WakeAt { timer, at });
        }
    }
    story.order(Command::RunTask(TaskCall {
        token,
        resource: task.resource.clone(),
        parameters,
        state_name: entry.state.clone(),
        retry_count: entry.retry_count,
        timeout,
        heartbeat,
    }));
    Ok(())
}

/// Makes the state's output of the task's result and leaves.
pub(super) fn take(
    story: &mut Story<'_>,
    (state, task): (&State, &Task),
    entry: &Entry,
    result: &Value,
) -> Result<(), Fault> {
    let token = token(&story.run, entry);
    let sight = Sight::of_task(story, entry, task.resource.pattern().waits().then_some(&token));
    let left = sight.see(|scope| state.flow.leave(scope, Some(Cow::Borrowed(result))).map(flow::kept))?;
    flow::leave(story, entry, left, &task.next)
}

/// The region of the execution, out of its ARN.
fn region(story: &Story<'_>) -> String {
    let arn = story.run.start().map_or("", |start| start.execution_arn.as_str());
    arn.split(':').nth(3).unwrap_or_default().to_owned()
}
