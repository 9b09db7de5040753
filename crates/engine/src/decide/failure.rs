//! What becomes of failures: retried, caught, or handed up to the state around, and at last the end.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html>

use serde_json::{Value, json};
use trainyard_domain::Failure;
use trainyard_lang::asl::{Fault, Resource, StateKind};

use super::{
    answer::Attempt,
    entered::{Entered, entered},
    flow::{self, Leaving},
    sight::Sight,
    story::Story,
    timers, wreck,
};
use crate::{
    Command, EventKind, Retry,
    frame::{Entry, FrameId, Phase, Place, ROOT},
};

/// The most characters of a cause: it may quote the whole input.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/API_ExecutionFailedEventDetails.html>
const CAUSE_LIMIT: usize = 32_768;

/// A failure, and the names that `Retry` and `Catch` know it by.
#[derive(Clone)]
pub(super) struct Trouble {
    names: Vec<String>,
    failure: Failure,
}

impl Trouble {
    pub(super) fn new(failure: Failure) -> Self {
        let names = if failure.error.is_empty() { Vec::new() } else { vec![failure.error.clone()] };
        Self { names, failure }
    }

    fn names(&self) -> Vec<&str> {
        self.names.iter().map(String::as_str).collect()
    }
}

/// How a task has ended badly.
pub(super) enum Ended {
    SubmitFailed(Failure),
    Failed(Failure),
    TimedOut,
    Silent,
}

impl Ended {
    fn trouble(&self) -> Trouble {
        match self {
            Self::SubmitFailed(failure) | Self::Failed(failure) => Trouble::new(failure.clone()),
            // AWS shows both by this name; `Retry` and `Catch` may tell them apart.
            Self::TimedOut => Trouble::new(Failure::new("States.Timeout", "")),
            Self::Silent => {
                let mut trouble = Trouble::new(Failure::new("States.Timeout", ""));
                trouble.names.push("States.HeartbeatTimeout".to_owned());
                trouble
            }
        }
    }

    fn event(&self, resource: Resource, failure: Failure, retry: Option<Retry>) -> EventKind {
        match self {
            Self::SubmitFailed(_) => EventKind::TaskSubmitFailed { resource, failure, retry },
            Self::Failed(_) => EventKind::TaskFailed { resource, failure, retry },
            Self::TimedOut | Self::Silent => EventKind::TaskTimedOut { resource, failure, retry },
        }
    }
}

/// A task has ended badly.
pub(super) fn of_task(story: &mut Story<'_>, attempt: &Attempt<'_>, ended: &Ended) {
    let Attempt { here, call, .. } = attempt;
    let trouble = ended.trouble();
    let retry = retry(story, here, &trouble);
    story.tell(here.frame, ended.event(call.resource.clone(), trouble.failure.clone(), retry.clone()));
    match retry {
        _ if story.over() => {}
        Some(Retry { timer, at, .. }) => story.order(Command::WakeAt { timer, at }),
        None => caught_or_raised(story, here, trouble),
    }
}

/// An expression of the state met data that it cannot take.
pub(super) fn fault(story: &mut Story<'_>, here: &Entered<'_>, fault: Fault) {
    if story.over() {
        return;
    }
    let query = fault.error == QUERY;
    let trouble = told(story, here, fault);
    if query { of_state(story, here, trouble, None) } else { of_expression(story, here, trouble) }
}

/// What the fault is for everybody else. What failed in JSONata has an event of its own.
fn told(story: &mut Story<'_>, here: &Entered<'_>, fault: Fault) -> Trouble {
    let (query, location) = (fault.error == QUERY, fault.location.clone());
    // A state that is tried by itself has no event to point at.
    let failure = match story.is_trial() {
        true => Failure::new(fault.error, fault.cause),
        false => of_fault(&here.entry, fault),
    };
    if query {
        let state = here.entry.state.clone();
        let kind = EventKind::EvaluationFailed { failure: failure.clone(), location, state };
        match before(story, here) {
            Some(previous) => story.tell_after(here.frame, previous, kind),
            None => story.tell(here.frame, kind),
        }
    }
    Trouble::new(failure)
}

/// The failure as the execution shows it: it says which state met it.
pub(super) fn of_fault(entry: &Entry, fault: Fault) -> Failure {
    let cause = match fault.error {
        "States.DataLimitExceeded" => fault.cause,
        _ => format!(
            "An error occurred while executing the state '{}' (entered at the event id #{}). {}",
            entry.state, entry.id, fault.cause
        ),
    };
    Failure::new(fault.error, cause.chars().take(CAUSE_LIMIT).collect::<String>())
}

const QUERY: &str = "States.QueryEvaluationError";

/// States that are done at once are evaluated before they count as entered: AWS shows what their JSONata failed by
/// as a consequence of what came before them.
fn before(story: &Story<'_>, here: &Entered<'_>) -> Option<u64> {
    let phase = &story.run.frame(here.frame)?.phase;
    let at_once = match here.state.kind {
        StateKind::Task(_) | StateKind::Wait(_) => false,
        StateKind::Pass(_)
        | StateKind::Choice(_)
        | StateKind::Succeed
        | StateKind::Fail(_)
        | StateKind::Parallel(_)
        | StateKind::Map(_) => true,
    };
    (at_once && matches!(phase, Phase::Entered(_))).then_some(here.entry.previous)
}

/// A path or a function failed: that may be caught, but is not tried again, as the same data would meet it again.
fn of_expression(story: &mut Story<'_>, here: &Entered<'_>, trouble: Trouble) {
    if trouble.failure.error == "States.Runtime" {
        wreck::abort_children(story, here.frame);
    } else {
        close(story, here, None);
    }
    caught_or_raised(story, here, trouble);
}

/// What a state was there for has failed. `from` is the event that this follows from, if it is not the last one of
/// the state's own thread.
pub(super) fn of_state(story: &mut Story<'_>, here: &Entered<'_>, trouble: Trouble, from: Option<u64>) {
    if let Some(retry) = retry(story, here, &trouble) {
        // A retry is remembered as part of an event: what has failed without one is given up as the others were.
        if story.is_silent() {
            wreck::abort_children(story, here.frame);
        }
        let last = story.run.frame(here.frame).map_or(0, |frame| frame.last);
        let wake = Command::WakeAt { timer: retry.timer.clone(), at: retry.at };
        if story.retry(here.frame, retry, from.unwrap_or(last)) {
            return story.order(wake);
        }
    }
    close(story, here, from);
    caught_or_raised(story, here, trouble);
}

/// A Parallel or a Map whose branches or iterations have failed says so.
fn close(story: &mut Story<'_>, here: &Entered<'_>, from: Option<u64>) {
    let kind = match here.state.kind {
        StateKind::Parallel(_) => EventKind::ParallelStateFailed,
        StateKind::Map(_) => EventKind::MapStateFailed,
        StateKind::Task(_)
        | StateKind::Pass(_)
        | StateKind::Choice(_)
        | StateKind::Wait(_)
        | StateKind::Succeed
        | StateKind::Fail(_) => return,
    };
    let phase = story.run.frame(here.frame).map(|frame| &frame.phase);
    if let Some(Phase::Answered(_) | Phase::Closed(_)) = phase
        && from.is_none()
    {
        return;
    }
    match from {
        // The others were given up when it failed.
        Some(from) => story.tell_after(here.frame, from, kind),
        None => {
            wreck::abort_children(story, here.frame);
            story.tell(here.frame, kind);
        }
    }
}

/// The first retrier for the trouble, if it has attempts left.
fn retry(story: &Story<'_>, here: &Entered<'_>, trouble: &Trouble) -> Option<Retry> {
    let names = trouble.names();
    let mut retriers = here.state.retriers().iter().enumerate();
    let (place, retrier) = retriers.find(|(_, retrier)| retrier.takes(&names))?;
    story.note(|notes| notes.retrier(place, &trouble.failure));
    let used = here.entry.retries.get(&place).copied().unwrap_or_default();
    if u64::from(used) >= retrier.max_attempts {
        return None;
    }
    let at = story.later(retrier.delay_millis(used, story.seed()));
    Some(Retry { retrier: place, timer: timers::retry(here.frame, &here.entry), at })
}

fn caught_or_raised(story: &mut Story<'_>, here: &Entered<'_>, trouble: Trouble) {
    if story.over() {
        return;
    }
    let names = trouble.names();
    let mut catchers = here.state.catchers().iter().enumerate();
    let Some((place, catcher)) = catchers.find(|(_, catcher)| catcher.takes(&names)) else {
        return raise(story, here.frame, trouble);
    };
    story.note(|notes| notes.catcher(place, &trouble.failure));
    let error = error_output(&trouble.failure);
    let left = Sight::new(story, here)
        .look(|scope| Ok::<_, Fault>(Leaving::new(catcher.leave(scope, &error)?, &here.entry, None)));
    let left = left.and_then(|leaving| flow::leave_for(story, here, leaving, Some(&catcher.next)));
    if let Err(fault) = left {
        let trouble = told(story, here, fault);
        raise(story, here.frame, trouble);
    }
}

/// Nobody in the frame takes the failure: the state around has it then, or the execution has failed.
pub(super) fn raise(story: &mut Story<'_>, frame: FrameId, trouble: Trouble) {
    if story.over() {
        return;
    }
    let place = story.run.frame(frame).and_then(|frame| frame.parent);
    let around = place.and_then(|Place { frame, index }| Some((entered(story, frame)?, index)));
    let Some((around, index)) = around else {
        wreck::abandon(story, ROOT);
        return story.tell(ROOT, EventKind::ExecutionFailed { failure: trouble.failure });
    };
    let last = story.run.frame(frame).map_or(0, |frame| frame.last);
    if let StateKind::Map(_) = around.state.kind {
        story.tell(frame, EventKind::MapIterationFailed { name: around.entry.state.clone(), index });
    }
    wreck::abort_others(story, around.frame, frame);
    of_state(story, &around, trouble, Some(last));
}

/// What a Catch hands on; what was not given is null.
fn error_output(failure: &Failure) -> Value {
    let text = |text: &str| if text.is_empty() { Value::Null } else { text.into() };
    json!({"Error": text(&failure.error), "Cause": text(&failure.cause)})
}
