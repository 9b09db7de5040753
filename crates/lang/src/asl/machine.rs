//! A state machine, checked: what the engine runs.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::{
    diagnostic::{Code, Diagnostic, Report},
    fields::Fields,
    states::{State, StateKind},
};

/// The most bytes of a definition. <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
pub const DEFINITION_LIMIT: usize = 1024 * 1024;
/// The most seconds that anything may be told to take: about three years, as AWS has it.
pub(crate) const SECONDS_LIMIT: u64 = 99_999_999;
/// The most characters of a state's name.
const NAME_LIMIT: usize = 80;

/// A state machine without a syntax error or a transition into nowhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// For people.
    pub comment: Option<String>,
    /// The first state: it is in `states`.
    pub start_at: String,
    /// How many seconds an execution may take.
    pub timeout_seconds: Option<u64>,
    /// The states by name.
    pub states: BTreeMap<String, State>,
}

/// Where a state leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// To another state of the machine.
    State(String),
    /// Nowhere: the execution has succeeded.
    End,
}

/// Reads a definition. Every fault of it is in the error.
pub fn parse(text: &str) -> Result<Machine, Vec<Diagnostic>> {
    let fault = |code, message: String| vec![Diagnostic { code, message, pointer: None }];
    if text.len() > DEFINITION_LIMIT {
        let message = format!("The definition has more than {DEFINITION_LIMIT} bytes");
        return Err(fault(Code::SchemaValidationFailed, message));
    }
    if text.trim().is_empty() {
        let message = "Definition must be a valid JSON object".to_owned();
        return Err(fault(Code::SchemaValidationFailed, message));
    }
    match serde_json::from_str(text) {
        Ok(value @ Value::Object(_)) => parse_value(&value),
        Ok(_) => {
            let message = "Definition must be a valid JSON object".to_owned();
            Err(fault(Code::SchemaValidationFailed, message))
        }
        Err(why) => Err(fault(Code::InvalidJsonDescription, format!("The definition is not JSON: {why}"))),
    }
}

/// The same for JSON that was read already.
pub fn parse_value(definition: &Value) -> Result<Machine, Vec<Diagnostic>> {
    let report = Report::default();
    let machine = read(definition, &report);
    let diagnostics = report.into_diagnostics();
    machine.filter(|_| diagnostics.is_empty()).ok_or(diagnostics)
}

fn read(definition: &Value, report: &Report) -> Option<Machine> {
    let mut fields = Fields::of(definition, String::new(), report)?;
    fields.require(&["States", "StartAt"]);
    let comment = fields.text("Comment").map(str::to_owned);
    let start_at = fields.text("StartAt").map(str::to_owned);
    let timeout_seconds = fields.integer("TimeoutSeconds", 1, SECONDS_LIMIT);
    if fields.text("Version").is_some_and(|version| version != "1.0") {
        report.schema("/Version", "The only version of the language is '1.0'");
    }
    let states = fields.value("States").and_then(|states| read_states(states, report));
    fields.finish();
    let machine = Machine { comment, start_at: start_at?, timeout_seconds, states: states? };
    check_transitions(&machine, definition, report);
    Some(machine)
}

fn read_states(value: &Value, report: &Report) -> Option<BTreeMap<String, State>> {
    let fields = Fields::of(value, "/States".to_owned(), report)?;
    if fields.members().is_empty() {
        report.schema("/States", "At least one state is required");
    }
    let mut states = BTreeMap::new();
    for (name, value) in fields.members() {
        let pointer = fields.at(name);
        if name.is_empty() || name.chars().count() > NAME_LIMIT {
            report.schema(&pointer, format!("The name of a state has 1 to {NAME_LIMIT} characters"));
        }
        if let Some(state) = State::read(name, value, pointer, report) {
            states.insert(name.clone(), state);
        }
    }
    Some(states)
}

/// Every transition must lead to a state, and every state must be reached.
fn check_transitions(machine: &Machine, definition: &Value, report: &Report) {
    let declared = |name: &str| definition["States"].get(name).is_some();
    let missing = |pointer: &str, field: &str, target: &str| {
        let message = format!("Missing '{field}' target: {target}");
        report.add(Code::MissingTransitionTarget, pointer, message);
    };
    let mut whole = machine.states.len() == definition["States"].as_object().map_or(0, serde_json::Map::len);
    if !declared(&machine.start_at) {
        missing("/StartAt", "StartAt", &machine.start_at);
        whole = false;
    }
    for state in machine.states.values() {
        for (pointer, field, target) in state.targets() {
            if !declared(target) {
                missing(&pointer, field, target);
                whole = false;
            }
        }
    }
    // A state that could not be read leads nobody knows where: then nothing is said about what is reached.
    if !whole {
        return;
    }
    let mut reached = BTreeSet::new();
    let mut ahead = vec![machine.start_at.as_str()];
    while let Some(name) = ahead.pop() {
        if reached.insert(name)
            && let Some(state) = machine.states.get(name)
        {
            ahead.extend(state.targets().into_iter().map(|(_, _, target)| target));
        }
    }
    for state in machine.states.values().filter(|state| !reached.contains(state.name.as_str())) {
        let message = format!("State \"{}\" is not reachable.", state.name);
        report.add(Code::MissingTransitionTarget, &state.pointer, message);
    }
}

impl Machine {
    /// What an express execution cannot do: waiting for a job or a token.
    /// <https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html>
    pub fn express_diagnostics(&self) -> Vec<Diagnostic> {
        let report = Report::default();
        for state in self.states.values() {
            if let StateKind::Task(task) = &state.kind
                && task.resource.pattern().waits()
            {
                let message = format!(
                    "Express state machine does not support '{}' service integration",
                    task.resource.pattern().suffix().split(':').next().unwrap_or_default()
                );
                report.schema(&format!("{}/Resource", state.pointer), message);
            }
        }
        report.into_diagnostics()
    }
}
