//! A state machine, checked: what the engine runs.

use serde_json::Value;

use crate::source::json;

use super::{
    diagnostic::{Code, Diagnostic, Report, VariableReferences},
    fields::Fields,
    graph::Graph,
    language::Language,
    resource::{Pattern, Resource},
    states::{Around, Mode, State, StateKind},
};

/// The most bytes of a definition. <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>
pub const DEFINITION_LIMIT: usize = 1024 * 1024;
/// The most seconds that anything may be told to take: about three years, as AWS has it.
pub(crate) const SECONDS_LIMIT: u64 = 99_999_999;

/// A state machine without a syntax error or a transition into nowhere.
#[derive(Clone, Debug, PartialEq)]
pub struct Machine {
    /// For people.
    pub comment: Option<String>,
    /// How many seconds an execution may take.
    pub timeout_seconds: Option<u64>,
    /// The language of the states that name none.
    pub language: Language,
    /// The states.
    pub graph: Graph,
    /// The variables that each state refers to; a state that refers to none is not in it.
    pub variable_references: VariableReferences,
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
    parse_value(&read_object(text)?)
}

/// The object that the text is.
pub(super) fn read_object(text: &str) -> Result<Value, Vec<Diagnostic>> {
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
        Ok(value @ Value::Object(_)) => Ok(value),
        Ok(_) => {
            let message = "Definition must be a valid JSON object".to_owned();
            Err(fault(Code::SchemaValidationFailed, message))
        }
        Err(why) => {
            let said = json::parse(text).err().map(|fault| fault.aws_message(text));
            let message = said.unwrap_or_else(|| format!("The definition is not JSON: {why}"));
            Err(fault(Code::InvalidJsonDescription, message))
        }
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
    let comment = fields.text("Comment").map(str::to_owned);
    let timeout_seconds = fields.integer("TimeoutSeconds", 1, SECONDS_LIMIT);
    if fields.text("Version").is_some_and(|version| version != "1.0") {
        report.schema("/Version", "Value should be one of the following: [1.0]");
    }
    let language = Language::read(&mut fields, None);
    let graph = Graph::read(&mut fields, definition, Around::new(language));
    fields.finish();
    let graph = graph?;
    let whole = definition["States"].as_object().is_some_and(|all| all.len() == graph.states.len());
    if whole && !graph.states.is_empty() && !graph.states.values().any(State::is_last) {
        report.add_nowhere(Code::MissingEndState, "Workflow has no terminal state");
    }
    Some(Machine { comment, timeout_seconds, language, graph, variable_references: report.references() })
}

impl Machine {
    /// What an express execution cannot do: waiting for a job or a token.
    /// <https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html>
    pub fn express_diagnostics(&self) -> Vec<Diagnostic> {
        let report = Report::default();
        for state in self.graph.all_states() {
            match &state.kind {
                StateKind::Task(task) => {
                    if let Some(message) = not_express(&task.resource) {
                        report.schema(&format!("{}/Resource", state.pointer), message);
                    }
                }
                StateKind::Map(map) if matches!(map.mode, Mode::Distributed(_)) => {
                    let message = "The field 'Mode' with value 'DISTRIBUTED' is not supported inside 'EXPRESS' \
                                   state machines";
                    report.schema(&format!("{}/ItemProcessor/ProcessorConfig/Mode", state.pointer), message);
                }
                _ => {}
            }
        }
        report.into_diagnostics()
    }
}

/// Why an express execution cannot call the resource.
fn not_express(resource: &Resource) -> Option<&'static str> {
    if let Resource::Activity(_) = resource {
        return Some("Express state machine does not support Activity ARN");
    }
    match resource.pattern() {
        Pattern::RequestResponse => None,
        Pattern::Sync | Pattern::Sync2 => {
            Some("Express state machine does not support '.sync' service integration")
        }
        // The blank at the end is AWS's.
        Pattern::WaitForTaskToken => {
            Some("Express state machine does not support '.waitForTaskToken' service integration ")
        }
    }
}
