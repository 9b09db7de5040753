//! States and how they lead to each other: a whole machine, a branch, or what a Map runs for each item.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    diagnostic::{Code, Report},
    fields::Fields,
    machine::Next,
    states::{Around, State, StateKind},
};

/// The most characters of a state's name.
const NAME_LIMIT: usize = 80;
/// How deep Parallel and Map states may nest: who follows a definition goes down with it.
const NESTING_LIMIT: usize = 25;

/// States without a transition into nowhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Graph {
    /// The first state: it is in `states`.
    pub start_at: String,
    /// The states by name.
    pub states: BTreeMap<String, State>,
}

impl Graph {
    pub(crate) fn read(fields: &mut Fields<'_>, definition: &Value, around: Around) -> Option<Self> {
        fields.require(&["States", "StartAt"]);
        let start_at = fields.text("StartAt").map(str::to_owned);
        let states = fields.inside("States");
        if around.depth > NESTING_LIMIT {
            let message = format!("Parallel and Map states nest deeper than {NESTING_LIMIT} levels");
            fields.report.schema(&fields.pointer, message);
            return None;
        }
        let states = states.map(|states| read_states(&states, around));
        let graph = Self { start_at: start_at?, states: states? };
        graph.check_transitions(definition, &fields.pointer, fields.report);
        Some(graph)
    }

    /// All states, those inside of Parallel and Map too.
    pub fn all_states(&self) -> Vec<&State> {
        let mut all = Vec::new();
        let mut ahead = vec![self];
        while let Some(graph) = ahead.pop() {
            for state in graph.states.values() {
                all.push(state);
                ahead.extend(state.graphs());
            }
        }
        all
    }

    /// Every transition must lead to a state, and every state must be reached.
    fn check_transitions(&self, definition: &Value, pointer: &str, report: &Report) {
        let declared = |name: &str| definition["States"].get(name).is_some();
        let missing = |pointer: &str, field: &str, target: &str| {
            let message = format!("Missing '{field}' target: {target}");
            report.add(Code::MissingTransitionTarget, pointer, message);
        };
        let mut whole = self.states.len() == definition["States"].as_object().map_or(0, serde_json::Map::len);
        if !declared(&self.start_at) {
            missing(&format!("{pointer}/StartAt"), "StartAt", &self.start_at);
            whole = false;
        }
        for state in self.states.values() {
            for (pointer, field, target) in state.targets() {
                if !declared(target) {
                    missing(&pointer, field, target);
                    whole = false;
                }
            }
        }
        // A state that could not be read leads nobody knows where: then nothing is said about what is reached.
        if whole {
            self.check_reached(report);
        }
    }

    fn check_reached(&self, report: &Report) {
        let mut reached = BTreeSet::new();
        let mut ahead = vec![self.start_at.as_str()];
        while let Some(name) = ahead.pop() {
            if reached.insert(name)
                && let Some(state) = self.states.get(name)
            {
                ahead.extend(state.targets().into_iter().map(|(_, _, target)| target));
            }
        }
        for state in self.states.values().filter(|state| !reached.contains(state.name.as_str())) {
            let message = format!("State \"{}\" is not reachable.", state.name);
            report.add(Code::MissingTransitionTarget, &state.pointer, message);
        }
    }
}

impl State {
    /// Whether the execution, or its branch, may end with it.
    pub(crate) fn is_last(&self) -> bool {
        match &self.kind {
            StateKind::Succeed | StateKind::Fail(_) => true,
            StateKind::Choice(_) => false,
            StateKind::Task(task) => task.next == Next::End,
            StateKind::Pass(pass) => pass.next == Next::End,
            StateKind::Wait(wait) => wait.next == Next::End,
            StateKind::Parallel(parallel) => parallel.next == Next::End,
            StateKind::Map(map) => map.next == Next::End,
        }
    }

    /// The graphs inside of it.
    pub fn graphs(&self) -> &[Graph] {
        match &self.kind {
            StateKind::Parallel(parallel) => &parallel.branches,
            StateKind::Map(map) => std::slice::from_ref(&map.processor),
            _ => &[],
        }
    }
}

fn read_states(fields: &Fields<'_>, around: Around) -> BTreeMap<String, State> {
    if fields.members().is_empty() {
        fields.report.schema(&fields.pointer, "Value cannot be empty");
    }
    let mut states = BTreeMap::new();
    for (name, value) in fields.members() {
        let pointer = fields.at(name);
        if name.is_empty() || name.chars().count() > NAME_LIMIT {
            let message = format!(
                "State name '{name}' exceeds the {NAME_LIMIT}-character limit allowed by the service"
            );
            let message = if name.is_empty() { "State name cannot be empty".to_owned() } else { message };
            fields.report.add(Code::InvalidStateName, &pointer, message);
        }
        if let Some(state) = State::read(name, value, pointer, fields.report, around) {
            states.insert(name.clone(), state);
        }
    }
    states
}
