//! Deciding what follows from a fact.

mod answer;
mod choice;
mod context;
mod entered;
mod fail;
mod failure;
mod flow;
mod fork;
mod limits;
mod map;
mod map_run;
mod parallel;
mod pass;
mod redrive;
mod sight;
mod story;
mod succeed;
mod task;
pub(crate) mod timers;
mod trial;
mod wait;
mod wreck;

use std::sync::Arc;

use serde_json::Value;
use trainyard_domain::Failure;
use trainyard_lang::asl::Machine;

use self::story::Story;
pub use self::{
    limits::{HISTORY_LIMIT, PAYLOAD_LIMIT},
    redrive::REDRIVE_LIMIT,
    trial::{End, Plan, Report, Setting, Trial, Wanted},
};
use crate::{
    Command, Decision, EventKind, Fact, ItemSource, Moment, Outcome, Payload, Run, Start, frame::ROOT,
};

/// Decides what follows from one fact. Reads no clock and rolls no dice: both come in `Moment`.
///
/// The run must be the fold of all that was decided before. The same machine, run, fact and moment always give the
/// same decision. A fact about something that the run does not wait for gives an empty one.
pub fn decide(machine: &Machine, run: &Run, fact: &Fact, at: &Moment) -> Decision {
    let mut story = Story::new(machine, run.clone(), *at);
    match (run.outcome(), fact) {
        (None, fact) => hear(&mut story, fact),
        (Some(Outcome::Failed { .. } | Outcome::TimedOut | Outcome::Aborted { .. }), Fact::Redriven) => {
            redrive::redriven(&mut story);
        }
        (Some(_), _) => {}
    }
    story.decision()
}

/// What follows for an execution that is not over.
fn hear(story: &mut Story<'_>, fact: &Fact) {
    let begun = story.run.start().is_some();
    match fact {
        Fact::Started(start) if !begun => begin(story, start),
        Fact::Started(_) | Fact::Redriven => {}
        _ if !begun => {}
        Fact::TaskTaken { token, worker } => answer::taken(story, token, worker.as_deref()),
        Fact::TaskSubmitted { token, response } => answer::submitted(story, token, response),
        Fact::TaskSubmitFailed { token, failure } => answer::refused(story, token, failure),
        Fact::TaskSucceeded { token, output } => answer::succeeded(story, token, output),
        Fact::TaskFailed { token, failure } => answer::failed(story, token, failure),
        Fact::MapRunSucceeded { token, output } => map_run::succeeded(story, token, output),
        Fact::MapRunFailed { token, failure } => map_run::failed(story, token, failure),
        Fact::Heartbeat { token } => answer::heard(story, token),
        Fact::TimerFired { timer } => timers::fired(story, timer),
        Fact::StopAsked { error, cause } => {
            wreck::abandon(story, ROOT);
            let kind = EventKind::ExecutionAborted { error: error.clone(), cause: cause.clone() };
            story.tell(ROOT, kind);
        }
    }
}

/// What the child executions of a map run are given for some of its items, by the Map state's `ItemSelector`. The
/// first of them has that index.
///
/// None if the run does not wait for a map run of that token.
pub fn select_items(
    (machine, run): (&Machine, &Run),
    (token, source): (&str, &ItemSource),
    (first, items): (u32, Vec<Value>),
    at: &Moment,
) -> Option<Result<Vec<Payload>, Failure>> {
    map_run::select(&Story::new(machine, run.clone(), *at), (token, source), (first, items))
}

fn begin(story: &mut Story<'_>, start: &Start) {
    let deadline = story.machine.timeout_seconds.map(|seconds| story.later(seconds * 1000));
    story.tell(
        ROOT,
        EventKind::ExecutionStarted {
            start: Arc::new(start.clone()),
            start_at: story.machine.graph.start_at.as_str().into(),
            deadline,
            secret: story.at.seed,
        },
    );
    if let Some(at) = deadline {
        story.order(Command::WakeAt { timer: timers::execution(0), at });
    }
    flow::go_on(story);
}
