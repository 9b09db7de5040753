//! From state to state, until something has to be waited for.

use std::{borrow::Cow, collections::BTreeMap, sync::Arc};

use serde_json::Value;
use trainyard_domain::Failure;
use trainyard_lang::asl::{Fault, Left, Next, StateKind};

use super::{
    choice, entered,
    entered::{Entered, graph, kind_of},
    fail, failure, fork, limits, map, parallel, pass,
    sight::Sight,
    story::Story,
    succeed, task, timers, wait, wreck,
};
use crate::{
    Command, EventKind, Payload,
    frame::{Entry, FrameId, Phase, ROOT},
};

/// Runs the execution on from where it stands, until it waits or is over: each thread of control that can go on has
/// its turn of one state. A decision that grows long ends with a timer that is due at once, so that a state machine
/// that never waits cannot fill the memory.
pub(super) fn go_on(story: &mut Story<'_>) {
    if story.is_trial() {
        return;
    }
    while let Some(frame) = story.run.next_ready() {
        if story.is_long() {
            return story.order(Command::WakeAt { timer: timers::breath(), at: story.at.now });
        }
        let told = story.run.last_id;
        turn(story, frame);
        if story.run.last_id == told {
            return lost(story, "");
        }
    }
}

fn turn(story: &mut Story<'_>, frame: FrameId) {
    match story.run.frame(frame).map(|frame| &frame.phase) {
        Some(Phase::Between { next: Some(name), output }) => {
            let (name, output) = (name.clone(), output.clone());
            enter(story, frame, name, output);
        }
        Some(Phase::Between { next: None, output }) => {
            let output = output.clone();
            end(story, frame, output);
        }
        Some(Phase::Entered(_)) => carry_out(story, frame),
        Some(Phase::Forked(_)) => fork::go_on(story, frame),
        Some(
            Phase::Waiting { .. }
            | Phase::Calling { .. }
            | Phase::Retrying { .. }
            | Phase::MapRun { .. }
            | Phase::Answered(_)
            | Phase::Closed(_)
            | Phase::Over,
        )
        | None => {}
    }
}

/// Enters a state and does what it is there for.
fn enter(story: &mut Story<'_>, frame: FrameId, name: Arc<str>, input: Payload) {
    let Some(state) = graph(story, frame).and_then(|graph| graph.states.get(&*name)) else {
        return lost(story, &name);
    };
    match &state.kind {
        StateKind::Wait(wait) => wait::enter(story, frame, (state, wait), input),
        StateKind::Task(_)
        | StateKind::Pass(_)
        | StateKind::Choice(_)
        | StateKind::Succeed
        | StateKind::Fail(_)
        | StateKind::Parallel(_)
        | StateKind::Map(_) => {
            let kind = EventKind::StateEntered { state: kind_of(state), name, input, until: None };
            story.tell(frame, kind);
            if !story.over() {
                carry_out(story, frame);
            }
        }
    }
}

pub(super) fn carry_out(story: &mut Story<'_>, frame: FrameId) {
    let Some(here) = entered::entered(story, frame) else { return lost(story, "") };
    let done = match &here.state.kind {
        StateKind::Task(task) => task::call(story, &here, task),
        StateKind::Pass(pass) => pass::carry_out(story, &here, pass),
        StateKind::Choice(choices) => choice::carry_out(story, &here, choices),
        StateKind::Wait(wait) => wait::leave(story, &here, wait),
        StateKind::Succeed => succeed::carry_out(story, &here),
        StateKind::Fail(fail) => fail::carry_out(story, &here, fail),
        StateKind::Parallel(parallel) => parallel::start(story, &here, parallel),
        StateKind::Map(map) => map::start(story, &here, map),
    };
    if let Err(fault) = done {
        failure::fault(story, &here, fault);
    }
}

/// The last state of the frame was left.
fn end(story: &mut Story<'_>, frame: FrameId, output: Payload) {
    let place = story.run.frame(frame).and_then(|frame| frame.parent);
    let Some(place) = place else {
        return story.tell(ROOT, EventKind::ExecutionSucceeded { output });
    };
    let name = story.run.frame(place.frame).and_then(|around| around.phase.entry());
    let Some(name) = name.map(|entry| entry.state.clone()) else { return lost(story, "") };
    story.tell(frame, EventKind::MapIterationSucceeded { name, index: place.index });
}

/// The definition lacks what the history names: it is not the one that the execution began with.
fn lost(story: &mut Story<'_>, name: &str) {
    wreck::abandon(story, ROOT);
    let cause = format!("The state '{name}' is not in the definition.");
    story.tell(ROOT, EventKind::ExecutionFailed { failure: Failure::new("States.Runtime", cause) });
}

/// What a state hands on, on its way into the history.
pub(super) struct Leaving {
    pub(super) output: Payload,
    pub(super) assigned: BTreeMap<String, Payload>,
}

impl Leaving {
    /// Data that is just the state's input or its result is shared with them.
    pub(super) fn new(left: Left<'_>, entry: &Entry, result: Option<&Payload>) -> Self {
        let shared = |data: &Payload, value: &Value| std::ptr::eq(data.value(), value);
        let output = match left.output {
            Cow::Borrowed(value) if shared(&entry.input, value) => entry.input.clone(),
            Cow::Borrowed(value) => match result {
                Some(result) if shared(result, value) => result.clone(),
                _ => value.clone().into(),
            },
            Cow::Owned(value) => value.into(),
        };
        let assigned = left.assigned.into_iter().map(|(name, value)| (name, value.into())).collect();
        Self { output, assigned }
    }
}

/// Makes the state's output of what all that was done in it has given, and leaves.
pub(super) fn leave_with(
    story: &mut Story<'_>,
    here: &Entered<'_>,
    result: &Payload,
    next: &Next,
) -> Result<(), Fault> {
    let leaving = Sight::new(story, here).look(|scope| {
        let left = here.state.flow.leave(scope, Some(Cow::Borrowed(result.value())))?;
        Ok::<_, Fault>(Leaving::new(left, &here.entry, Some(result)))
    })?;
    leave(story, here, leaving, next)
}

/// Leaves the state.
pub(super) fn leave(
    story: &mut Story<'_>,
    here: &Entered<'_>,
    leaving: Leaving,
    next: &Next,
) -> Result<(), Fault> {
    let next = match next {
        Next::State(name) => Some(name.as_str()),
        Next::End => None,
    };
    leave_for(story, here, leaving, next)
}

/// Leaves the state for that one, or for good.
pub(super) fn leave_for(
    story: &mut Story<'_>,
    here: &Entered<'_>,
    leaving: Leaving,
    next: Option<&str>,
) -> Result<(), Fault> {
    let Leaving { output, assigned } = leaving;
    let most = story.at.payload_limit;
    story.made += limits::check(most, &here.entry.state, &output)?;
    if !assigned.is_empty() {
        story.made += limits::check_assigned(most, &here.entry.state, &assigned)?;
        limits::check_held(most, &here.entry.state, story.run.held_with(here.frame, &assigned))?;
    }
    story.tell(
        here.frame,
        EventKind::StateExited {
            state: kind_of(here.state),
            name: here.entry.state.clone(),
            output,
            assigned,
            next: next.map(Into::into),
        },
    );
    Ok(())
}
