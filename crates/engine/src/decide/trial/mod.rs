//! One state by itself, as `TestState` tries it: what happens is decided as in an execution, and nothing follows.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/test-state-isolation.html>

mod notes;
mod plan;
mod report;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, mem, sync::Arc};

use serde_json::Value;
use trainyard_domain::Failure;
use trainyard_lang::asl::{Fault, Graph, Machine, State, StateKind};

pub(super) use self::notes::Notes;
pub use self::{
    plan::Plan,
    report::{End, Report},
};
use super::{
    answer,
    entered::{Entered, entered, kind_of},
    failure::{self, Trouble},
    flow, fork, map_run,
    sight::Sight,
    story::Story,
    wait,
};
use crate::{
    Command, Decision, EventKind, Moment, Payload, Run, Start, TaskCall,
    frame::{Phase, ROOT},
};

/// What AWS calls every state that is tried, in the context object.
const NAME: &str = "StateName";

/// What a state is tried with.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The execution that it seems to be in. Its input is the state's.
    pub start: Start,
    /// The variables that it sees.
    pub variables: BTreeMap<String, Payload>,
    /// What it sees in place of the context object.
    pub context: Option<Value>,
    /// How many attempts seem to have come before this one, all by the retrier that is for its failure.
    pub retries: u32,
}

/// What a state that is tried waits for.
#[derive(Clone, Debug, PartialEq)]
pub enum Wanted {
    /// Nothing: it is done.
    Nothing,
    /// The result of this call.
    Task(Box<TaskCall>),
    /// What so many branches give.
    Branches(usize),
    /// What the iterations of a Map give.
    Iterations,
}

/// A state that is tried by itself.
#[derive(Debug)]
pub struct Trial {
    machine: Machine,
    notes: Notes,
    at: Moment,
    run: Run,
    decision: Decision,
}

impl Trial {
    /// Enters the state and does what it is there for, up to where it waits for somebody else. A Wait state does not
    /// wait.
    pub fn begin(mut state: State, setting: Setting, at: Moment) -> Self {
        NAME.clone_into(&mut state.name);
        let language = state.language;
        let graph = Graph { start_at: NAME.to_owned(), states: [(NAME.to_owned(), state)].into() };
        let (comment, timeout_seconds, variable_references) = Default::default();
        let machine = Machine { comment, timeout_seconds, language, variable_references, graph };
        let Setting { start, variables, context, retries } = setting;
        let notes = Notes { context, ..Notes::default() };
        let (run, decision) = Default::default();
        let mut trial = Self { machine, notes, at, run, decision };
        trial.tell(|story| {
            let (start, start_at) = (Arc::new(start), NAME.into());
            story
                .tell(ROOT, EventKind::ExecutionStarted { start, start_at, deadline: None, secret: at.seed });
            story.run.change(ROOT, |frame| frame.variables = Arc::new(variables));
            enter(story, retries);
        });
        trial
    }

    /// What it waits for.
    pub fn wanted(&self) -> Wanted {
        match (self.run.frame(ROOT).map(|frame| &frame.phase), self.state().map(|state| &state.kind)) {
            (Some(Phase::Calling { .. }), _) => self.call().map_or(Wanted::Nothing, Wanted::Task),
            (Some(Phase::Forked(_)), Some(StateKind::Parallel(parallel))) => {
                Wanted::Branches(parallel.branches.len())
            }
            (Some(Phase::Forked(_) | Phase::MapRun { .. }), _) => Wanted::Iterations,
            _ => Wanted::Nothing,
        }
    }

    fn call(&self) -> Option<Box<TaskCall>> {
        self.decision.commands.iter().find_map(|command| match command {
            Command::RunTask(call) => Some(Box::new(call.clone())),
            _ => None,
        })
    }

    /// Gives it what it waits for. Nothing happens if it waits for nothing.
    pub fn answer(&mut self, answer: Result<Value, Failure>) {
        self.tell(|story| {
            let Some(here) = entered(story, ROOT) else { return };
            let phase = story.run.frame(ROOT).map(|frame| frame.phase.clone());
            match (phase, answer) {
                (Some(Phase::Calling { call, .. }), Ok(output)) => {
                    answer::succeeded(story, &call.token, &output);
                }
                (Some(Phase::Calling { call, .. }), Err(failure)) => {
                    answer::failed(story, &call.token, &failure);
                }
                (Some(Phase::MapRun { call, .. }), Ok(output)) => {
                    map_run::succeeded(story, &call.token, &output.into());
                }
                (Some(Phase::MapRun { call, .. }), Err(failure)) => {
                    map_run::failed(story, &call.token, &failure);
                }
                (Some(Phase::Forked(_)), Ok(output)) => join(story, &here, output.into()),
                (Some(Phase::Forked(_)), Err(failure)) => {
                    let last = story.run.last_id;
                    failure::of_state(story, &here, Trouble::new(failure), Some(last));
                }
                _ => {}
            }
        });
    }

    /// The state.
    pub fn state(&self) -> Option<&State> {
        self.machine.graph.states.get(NAME)
    }

    /// A look at it as it stands.
    fn story(&self) -> Story<'_> {
        Story::trying((&self.machine, &self.notes), (self.run.clone(), Decision::default()), self.at)
    }

    fn tell(&mut self, tell: impl FnOnce(&mut Story<'_>)) {
        let so_far = (mem::take(&mut self.run), mem::take(&mut self.decision));
        let mut story = Story::trying((&self.machine, &self.notes), so_far, self.at);
        tell(&mut story);
        (self.run, self.decision) = story.into_parts();
    }
}

fn enter(story: &mut Story<'_>, retries: u32) {
    let (machine, input) = (story.machine, story.run.start().map(|start| start.input.clone()));
    let (Some(state), Some(input)) = (machine.graph.states.get(NAME), input) else { return };
    if let StateKind::Wait(wait) = &state.kind {
        wait::enter(story, ROOT, (state, wait), input);
        let waits = matches!(story.run.frame(ROOT).map(|frame| &frame.phase), Some(Phase::Waiting { .. }));
        if let Some(here) = entered(story, ROOT).filter(|_| waits) {
            let left = wait::leave(story, &here, wait);
            or_fail(story, &here, left);
        }
        return;
    }
    let entered_event =
        EventKind::StateEntered { state: kind_of(state), name: NAME.into(), input, until: None };
    story.tell(ROOT, entered_event);
    let retriers = state.retriers().len();
    story.run.change(ROOT, |frame| {
        if let Phase::Entered(entry) = &mut frame.phase {
            entry.retry_count = retries;
            entry.retries = (0..retriers).map(|place| (place, retries)).collect();
        }
    });
    if let (StateKind::Fail(_), Some(here)) = (&state.kind, entered(story, ROOT)) {
        // It takes no part of its input, and is shown with what it might take.
        let looked = Sight::new(story, &here).look(|scope| here.state.flow.input(scope).map(drop));
        or_fail(story, &here, looked);
    }
    flow::carry_out(story, ROOT);
}

/// The branches or the iterations have ended well.
fn join(story: &mut Story<'_>, here: &Entered<'_>, results: Payload) {
    let done = match &here.state.kind {
        StateKind::Parallel(parallel) => fork::end_parallel(story, here, parallel, &results),
        StateKind::Map(map) => fork::end_map(story, here, map, &results),
        _ => return,
    };
    or_fail(story, here, done);
}

fn or_fail(story: &mut Story<'_>, here: &Entered<'_>, done: Result<(), Fault>) {
    if let Err(fault) = done {
        failure::fault(story, here, fault);
    }
}
