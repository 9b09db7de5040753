//! A state machine, checked: what the engine runs.

use serde_json::Value;

use super::{
    diagnostic::{Code, Diagnostic, Report},
    fields::Fields,
    graph::Graph,
    language::Language,
    states::{Around, StateKind},
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
    let comment = fields.text("Comment").map(str::to_owned);
    let timeout_seconds = fields.integer("TimeoutSeconds", 1, SECONDS_LIMIT);
    if fields.text("Version").is_some_and(|version| version != "1.0") {
        report.schema("/Version", "The only version of the language is '1.0'");
    }
    let language = Language::read(&mut fields, None);
    let graph = Graph::read(&mut fields, definition, Around::new(language));
    fields.finish();
    Some(Machine { comment, timeout_seconds, language, graph: graph? })
}

impl Machine {
    /// What an express execution cannot do: waiting for a job or a token.
    /// <https://docs.aws.amazon.com/step-functions/latest/dg/choosing-workflow-type.html>
    pub fn express_diagnostics(&self) -> Vec<Diagnostic> {
        let report = Report::default();
        for state in self.graph.all_states() {
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
