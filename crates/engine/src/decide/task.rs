//! Calling a task, and what becomes of its result.

use serde_json::Value;
use trainyard_lang::asl::{Fault, Task};

use super::{flow, limits, sight::Sight, story::Story, timers, token::token};
use crate::{Command, EventKind, TaskCall, run::Entry};

/// Calls the task of the state, for the first time or again.
pub(super) fn call(story: &mut Story<'_>, task: &Task, entry: &Entry) -> Result<(), Fault> {
    let token = token(&story.run, entry);
    let sight = Sight::of_task(story, entry, task.resource.pattern().waits().then_some(&token));
    let input = sight.take(&task.input_path, sight.raw)?;
    let scope = sight.scope(&input);
    let timeout = task.timeout.as_ref().map(|seconds| seconds.evaluate(&scope)).transpose()?;
    let heartbeat = task.heartbeat.as_ref().map(|seconds| seconds.evaluate(&scope)).transpose()?;
    let parameters = match &task.parameters {
        Some(parameters) => parameters.fill(&scope)?,
        None => input.clone(),
    };
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
pub(super) fn take(story: &mut Story<'_>, task: &Task, entry: &Entry, result: &Value) -> Result<(), Fault> {
    let token = token(&story.run, entry);
    let sight = Sight::of_task(story, entry, task.resource.pattern().waits().then_some(&token));
    let selected = match &task.result_selector {
        Some(selector) => selector.fill(&sight.scope(result))?,
        None => result.clone(),
    };
    let merged = task.result_path.put(sight.raw, selected)?;
    let output = sight.take(&task.output_path, &merged)?;
    flow::leave(story, entry, output, &task.next)
}

/// The region of the execution, out of its ARN.
fn region(story: &Story<'_>) -> String {
    let arn = story.run.start().map_or("", |start| start.execution_arn.as_str());
    arn.split(':').nth(3).unwrap_or_default().to_owned()
}
