//! Deciding what follows from a fact.

mod answer;
mod choice;
mod context;
mod fail;
mod failure;
mod flow;
mod limits;
mod pass;
mod sight;
mod story;
mod succeed;
mod task;
mod timers;
mod token;
mod wait;

pub use self::limits::{HISTORY_LIMIT, PAYLOAD_LIMIT};

use trainyard_lang::asl::Machine;

use self::story::Story;
use crate::{Command, Decision, EventKind, Fact, Moment, Run, Start};

/// Decides what follows from one fact. Reads no clock and rolls no dice: both come in `Moment`.
///
/// The run must be the fold of all that was decided before. The same machine, run, fact and moment always give the
/// same decision. A fact about something that the run does not wait for gives an empty one.
pub fn decide(machine: &Machine, run: &Run, fact: &Fact, at: &Moment) -> Decision {
    if run.outcome().is_some() {
        return Decision::default();
    }
    let mut story = Story::new(machine, run.clone(), at);
    match fact {
        Fact::Started(start) if run.start().is_none() => begin(&mut story, start),
        Fact::Started(_) => {}
        _ if run.start().is_none() => {}
        Fact::TaskSubmitted { token, response } => answer::submitted(&mut story, token, response),
        Fact::TaskSubmitFailed { token, failure } => answer::refused(&mut story, token, failure),
        Fact::TaskSucceeded { token, output } => answer::succeeded(&mut story, token, output),
        Fact::TaskFailed { token, failure } => answer::failed(&mut story, token, failure),
        Fact::Heartbeat { token } => answer::heard(&mut story, token),
        Fact::TimerFired { timer } => timers::fired(&mut story, timer),
        Fact::StopAsked { error, cause } => {
            flow::abandon(&mut story);
            let kind = EventKind::ExecutionAborted { error: error.clone(), cause: cause.clone() };
            flow::finish(&mut story, kind);
        }
    }
    story.decision()
}

fn begin(story: &mut Story<'_>, start: &Start) {
    let deadline = story.machine.timeout_seconds.map(|seconds| story.later(seconds * 1000));
    story.tell(EventKind::ExecutionStarted {
        start: Box::new(start.clone()),
        start_at: story.machine.graph.start_at.clone(),
        deadline,
        secret: story.at.seed,
    });
    if let Some(at) = deadline {
        story.order(Command::WakeAt { timer: timers::execution(), at });
    }
    flow::go_on(story);
}
