//! What becomes of failures: retried, caught, or the end.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>

use serde_json::{Value, json};
use trainyard_domain::Failure;
use trainyard_lang::asl::{Fault, Next, Resource, StateKind, Task};

use super::{answer::Attempt, flow, sight::Sight, story::Story, timers};
use crate::{Command, EventKind, Retry, run::Entry};

/// The most characters of a cause: it may quote the whole input.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_ExecutionFailedEventDetails.html>
const CAUSE_LIMIT: usize = 32_768;

/// How a task has ended badly.
pub(super) enum Ended {
    SubmitFailed(Failure),
    Failed(Failure),
    TimedOut,
    Silent,
}

impl Ended {
    fn failure(&self) -> Failure {
        match self {
            Self::SubmitFailed(failure) | Self::Failed(failure) => failure.clone(),
            // AWS shows both by this name; `Retry` and `Catch` may tell them apart.
            Self::TimedOut | Self::Silent => Failure::new("States.Timeout", ""),
        }
    }

    fn event(&self, resource: Resource, retry: Option<Retry>) -> EventKind {
        let failure = self.failure();
        match self {
            Self::SubmitFailed(_) => EventKind::TaskSubmitFailed { resource, failure, retry },
            Self::Failed(_) => EventKind::TaskFailed { resource, failure, retry },
            Self::TimedOut | Self::Silent => EventKind::TaskTimedOut { resource, failure, retry },
        }
    }
}

/// A task has ended badly.
pub(super) fn of_task(story: &mut Story<'_>, attempt: &Attempt<'_>, ended: &Ended) {
    let Attempt { task, entry, call, .. } = attempt;
    let failure = ended.failure();
    let mut names: Vec<&str> = Vec::new();
    if !failure.error.is_empty() {
        names.push(&failure.error);
    }
    if matches!(ended, Ended::Silent) {
        names.push("States.HeartbeatTimeout");
    }
    let retry = retry(story, task, entry, &names);
    story.tell(ended.event(call.resource.clone(), retry.clone()));
    match retry {
        _ if story.over() => {}
        Some(Retry { timer, at, .. }) => story.order(Command::WakeAt { timer, at }),
        None => caught_or_over(story, Some(task), entry, (&names, &failure)),
    }
}

/// An expression of the state met data that it cannot take. What a Task then says may be caught, but is not tried
/// again: the same data would meet the same expression.
pub(super) fn fault(story: &mut Story<'_>, entry: &Entry, fault: Fault) {
    let cause = match fault.error {
        "States.DataLimitExceeded" => fault.cause,
        _ => format!(
            "An error occurred while executing the state '{}' (entered at the event id #{}). {}",
            entry.state, entry.id, fault.cause
        ),
    };
    let failure = Failure::new(fault.error, cause.chars().take(CAUSE_LIMIT).collect::<String>());
    let task = match flow::state(story, &entry.state).map(|state| &state.kind) {
        Some(StateKind::Task(task)) => Some(&**task),
        _ => None,
    };
    caught_or_over(story, task, entry, (&[fault.error], &failure));
}

/// The first retrier for the error, if it has attempts left.
fn retry(story: &Story<'_>, task: &Task, entry: &Entry, names: &[&str]) -> Option<Retry> {
    let (place, retrier) = task.retry.iter().enumerate().find(|(_, retrier)| retrier.takes(names))?;
    let used = entry.retries.get(&place).copied().unwrap_or_default();
    if u64::from(used) >= retrier.max_attempts {
        return None;
    }
    let at = story.later(retrier.delay_millis(used, story.seed()));
    Some(Retry { retrier: place, timer: timers::retry(entry), at })
}

fn caught_or_over(
    story: &mut Story<'_>,
    task: Option<&Task>,
    entry: &Entry,
    (names, failure): (&[&str], &Failure),
) {
    let catcher = task.and_then(|task| task.catch.iter().find(|catcher| catcher.takes(names)));
    if let Some(catcher) = catcher {
        let error = error_output(failure);
        let left = Sight::new(story, entry)
            .see(|scope| catcher.leave(scope, &error).map(flow::kept))
            .and_then(|left| flow::leave(story, entry, left, &Next::State(catcher.next.clone())));
        if let Err(fault) = left {
            let failure = Failure::new(fault.error, fault.cause);
            flow::finish(story, EventKind::ExecutionFailed { failure });
        }
        return;
    }
    flow::finish(story, EventKind::ExecutionFailed { failure: failure.clone() });
}

/// What a Catch hands on; what was not given is null.
fn error_output(failure: &Failure) -> Value {
    let text = |text: &str| if text.is_empty() { Value::Null } else { text.into() };
    json!({"Error": text(&failure.error), "Cause": text(&failure.cause)})
}
