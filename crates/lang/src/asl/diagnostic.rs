//! What is wrong with a definition, in the words and codes of `ValidateStateMachineDefinition`.
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html>

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet, HashSet},
    fmt,
};

/// The most states of a definition, those inside of Parallel and Map states with them.
const STATES_LIMIT: usize = 10_000;

/// AWS's code of a diagnostic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Code {
    /// A field is missing, unknown, of the wrong type or out of its range.
    SchemaValidationFailed,
    /// A transition leads nowhere, or a state cannot be reached.
    MissingTransitionTarget,
    /// The text is not JSON.
    InvalidJsonDescription,
    /// A JSONata expression cannot be read.
    InvalidJsonataExpression,
    /// A JSONata expression refers to what is not there in a state machine.
    UnsupportedJsonataExpression,
    /// Two states have the same name.
    DuplicateStateName,
    /// No state ends the execution.
    MissingEndState,
    /// The name of a state is too long, or empty.
    InvalidStateName,
    /// The label of a Map cannot be part of an ARN.
    InvalidLabelName,
    /// Two Maps have the same label.
    DuplicateLabelName,
    /// The name of a variable is no identifier.
    InvalidVariableName,
    /// The name of a variable means something already.
    ReservedVariableName,
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// AWS's code.
    pub code: Code,
    /// For a person.
    pub message: String,
    /// Where, as a JSON pointer with a `/` for the whole definition; `None` where there is no place to point at.
    pub pointer: Option<String>,
}

impl Code {
    /// The code as AWS spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SchemaValidationFailed => "SCHEMA_VALIDATION_FAILED",
            Self::MissingTransitionTarget => "MISSING_TRANSITION_TARGET",
            Self::InvalidJsonDescription => "INVALID_JSON_DESCRIPTION",
            Self::InvalidJsonataExpression => "INVALID_JSONATA_EXPRESSION",
            Self::UnsupportedJsonataExpression => "UNSUPPORTED_JSONATA_EXPRESSION",
            Self::DuplicateStateName => "DUPLICATE_STATE_NAME",
            Self::MissingEndState => "MISSING_END_STATE",
            Self::InvalidStateName => "INVALID_STATE_NAME",
            Self::InvalidLabelName => "INVALID_LABEL_NAME",
            Self::DuplicateLabelName => "DUPLICATE_LABEL_NAME",
            Self::InvalidVariableName => "INVALID_VARIABLE_NAME",
            Self::ReservedVariableName => "RESERVED_VARIABLE_NAME",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// `CODE: message at /pointer`, as `CreateStateMachine` puts it in its `InvalidDefinition`.
impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)?;
        match &self.pointer {
            Some(pointer) => write!(f, " at {pointer}"),
            // So says AWS.
            None if self.code == Code::MissingEndState => f.write_str(" at null"),
            None => Ok(()),
        }
    }
}

/// The message of `InvalidDefinition`, naming every diagnostic.
pub fn invalid_definition(diagnostics: &[Diagnostic]) -> String {
    let all: Vec<String> = diagnostics.iter().map(Diagnostic::to_string).collect();
    format!("Invalid State Machine Definition: '{}'", all.join(", "))
}

/// The variables that each state refers to, by the state's name.
pub type VariableReferences = BTreeMap<String, BTreeSet<String>>;

/// Where diagnostics are collected while a definition is read, and what has to be known of all states at once.
#[derive(Default)]
pub(crate) struct Report {
    found: RefCell<Vec<Diagnostic>>,
    states: RefCell<HashSet<String>>,
    labels: RefCell<HashSet<String>>,
    /// The states that are being read, the innermost last.
    inside: RefCell<Vec<String>>,
    references: RefCell<VariableReferences>,
}

impl Report {
    pub(crate) fn add(&self, code: Code, pointer: &str, message: impl Into<String>) {
        let pointer = if pointer.is_empty() { "/" } else { pointer };
        let found = Diagnostic { code, message: message.into(), pointer: Some(pointer.to_owned()) };
        self.found.borrow_mut().push(found);
    }

    /// A diagnostic without a place to point at.
    pub(crate) fn add_nowhere(&self, code: Code, message: &str) {
        self.found.borrow_mut().push(Diagnostic { code, message: message.to_owned(), pointer: None });
    }

    pub(crate) fn schema(&self, pointer: &str, message: impl Into<String>) {
        self.add(Code::SchemaValidationFailed, pointer, message);
    }

    /// A state is read: its name must be the only one of its kind.
    pub(crate) fn enter(&self, name: &str, pointer: &str) {
        if !self.states.borrow_mut().insert(name.to_owned()) {
            self.add(Code::DuplicateStateName, pointer, format!("Duplicate State name: {name}"));
        } else if self.states.borrow().len() == STATES_LIMIT + 1 {
            self.schema(pointer, format!("The definition has more than {STATES_LIMIT} states"));
        }
        self.inside.borrow_mut().push(name.to_owned());
    }

    /// The state has been read.
    pub(crate) fn leave(&self) {
        self.inside.borrow_mut().pop();
    }

    /// A Map has that label.
    pub(crate) fn label(&self, label: &str, pointer: &str) {
        if !self.labels.borrow_mut().insert(label.to_owned()) {
            self.add(Code::DuplicateLabelName, pointer, format!("Duplicate Label name: {label}"));
        }
    }

    /// The state that is being read refers to the variable.
    pub(crate) fn refer(&self, variable: &str) {
        if let Some(state) = self.inside.borrow().last() {
            let mut references = self.references.borrow_mut();
            references.entry(state.clone()).or_default().insert(variable.to_owned());
        }
    }

    pub(crate) fn references(&self) -> VariableReferences {
        self.references.borrow().clone()
    }

    pub(crate) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.found.into_inner()
    }
}
