//! From state to state, until something has to be waited for.

use std::borrow::Cow;

use serde_json::Value;
use trainyard_domain::Failure;
use trainyard_lang::asl::{Fault, Left, Next, State, StateKind};

use super::{choice, fail, failure, limits, pass, story::Story, succeed, task, timers, wait};
use crate::{
    Command, EventKind, StateType,
    run::{Entry, Phase},
};

/// How many events one decision may tell before it lets others have a turn.
const EVENTS: usize = 200;
/// How many bytes of outputs one decision may make.
const BYTES: usize = 4 * 1024 * 1024;

/// Runs the execution on from where it stands, until it waits or is over. A decision that grows long ends with a
/// timer that is due at once, so that a state machine that never waits cannot fill the memory.
pub(super) fn go_on(story: &mut Story<'_>) {
    loop {
        match story.run.frame.phase.clone() {
            Phase::Between { next, output } => {
                if story.told() >= EVENTS || story.made >= BYTES {
                    let timer = timers::breath(&story.run);
                    story.order(Command::WakeAt { timer, at: story.at.now });
                    return;
                }
                match next {
                    Some(name) => enter(story, &name, output),
                    None => finish(story, EventKind::ExecutionSucceeded { output }),
                }
            }
            Phase::Entered(entry) => carry_out(story, &entry),
            Phase::Waiting { entry, until } if until <= story.at.now => wait::leave(story, &entry),
            Phase::Waiting { entry, until } => {
                return story.order(Command::WakeAt { timer: timers::wait(&entry), at: until });
            }
            Phase::Idle
            | Phase::Calling { .. }
            | Phase::Retrying { .. }
            | Phase::Answered(_)
            | Phase::Over => return,
        }
    }
}

/// The state that was entered, as the definition has it.
pub(super) fn state<'d>(story: &Story<'d>, name: &str) -> Option<&'d State> {
    story.machine.graph.states.get(name)
}

fn enter(story: &mut Story<'_>, name: &str, input: Value) {
    let Some(state) = state(story, name) else {
        return lost(story, name);
    };
    match &state.kind {
        StateKind::Wait(wait) => wait::enter(story, state, wait, input),
        kind => {
            let kind =
                EventKind::StateEntered { state: kind_of(kind), name: name.to_owned(), input, until: None };
            story.tell(kind);
        }
    }
}

fn carry_out(story: &mut Story<'_>, entry: &Entry) {
    let Some(state) = state(story, &entry.state) else {
        return lost(story, &entry.state);
    };
    let done = match &state.kind {
        StateKind::Task(task) => task::call(story, state, task, entry),
        StateKind::Pass(pass) => pass::carry_out(story, state, pass, entry),
        StateKind::Choice(choices) => choice::carry_out(story, state, choices, entry),
        StateKind::Wait(_) => {
            wait::leave(story, entry);
            Ok(())
        }
        StateKind::Succeed => succeed::carry_out(story, state, entry),
        StateKind::Fail(fail) => fail::carry_out(story, fail, entry),
        StateKind::Parallel(_) | StateKind::Map(_) => {
            Err(Fault::runtime(format!("States of type '{}' are not run yet.", kind_of(&state.kind))))
        }
    };
    if let Err(fault) = done {
        failure::fault(story, entry, fault);
    }
}

/// The definition lacks the state that the history names: it is not the one that the execution began with.
fn lost(story: &mut Story<'_>, name: &str) {
    let cause = format!("The state '{name}' is not in the definition.");
    finish(story, EventKind::ExecutionFailed { failure: Failure::new("States.Runtime", cause) });
}

/// The same, kept beyond the scope.
pub(super) fn kept(left: Left<'_>) -> Left<'static> {
    Left { output: Cow::Owned(left.output.into_owned()), assigned: left.assigned }
}

/// Leaves the state with its output.
pub(super) fn leave(
    story: &mut Story<'_>,
    entry: &Entry,
    left: Left<'static>,
    next: &Next,
) -> Result<(), Fault> {
    if !left.assigned.is_empty() {
        return Err(Fault::runtime("Variables are not run yet."));
    }
    let output = left.output.into_owned();
    let Some(state) = state(story, &entry.state) else {
        lost(story, &entry.state);
        return Ok(());
    };
    story.made += limits::check(&entry.state, &output)?;
    let next = match next {
        Next::State(name) => Some(name.clone()),
        Next::End => None,
    };
    story.tell(EventKind::StateExited {
        state: kind_of(&state.kind),
        name: entry.state.clone(),
        output,
        next,
    });
    Ok(())
}

/// Ends the execution.
pub(super) fn finish(story: &mut Story<'_>, kind: EventKind) {
    story.tell(kind);
}

/// Gives up whatever the execution waits for.
pub(super) fn abandon(story: &mut Story<'_>) {
    match story.run.frame.phase.clone() {
        Phase::Waiting { entry, .. } => story.order(Command::ForgetTimer { timer: timers::wait(&entry) }),
        Phase::Retrying { timer, .. } => story.order(Command::ForgetTimer { timer }),
        Phase::Calling { entry, call } => {
            timers::forget_call(story, &entry, &call);
            story.order(Command::CancelTask { token: call.token });
        }
        Phase::Between { .. } => {
            let timer = timers::breath(&story.run);
            story.order(Command::ForgetTimer { timer });
        }
        Phase::Idle | Phase::Entered(_) | Phase::Answered(_) | Phase::Over => {}
    }
}

/// The kind of a state, for events.
pub(super) fn kind_of(kind: &StateKind) -> StateType {
    match kind {
        StateKind::Task(_) => StateType::Task,
        StateKind::Pass(_) => StateType::Pass,
        StateKind::Choice(_) => StateType::Choice,
        StateKind::Wait(_) => StateType::Wait,
        StateKind::Succeed => StateType::Succeed,
        StateKind::Fail(_) => StateType::Fail,
        StateKind::Parallel(_) => StateType::Parallel,
        StateKind::Map(_) => StateType::Map,
    }
}
