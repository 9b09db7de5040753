//! What is wrong with a definition, in the words and codes of `ValidateStateMachineDefinition`.
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_ValidateStateMachineDefinition.html>

use std::{cell::RefCell, fmt};

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
            None => Ok(()),
        }
    }
}

/// The message of `InvalidDefinition`, naming every diagnostic.
pub fn invalid_definition(diagnostics: &[Diagnostic]) -> String {
    let all: Vec<String> = diagnostics.iter().map(Diagnostic::to_string).collect();
    format!("Invalid State Machine Definition: '{}'", all.join(", "))
}

/// Where diagnostics are collected while a definition is read.
#[derive(Default)]
pub(crate) struct Report {
    found: RefCell<Vec<Diagnostic>>,
}

impl Report {
    pub(crate) fn add(&self, code: Code, pointer: &str, message: impl Into<String>) {
        let pointer = if pointer.is_empty() { "/" } else { pointer };
        let found = Diagnostic { code, message: message.into(), pointer: Some(pointer.to_owned()) };
        self.found.borrow_mut().push(found);
    }

    pub(crate) fn schema(&self, pointer: &str, message: impl Into<String>) {
        self.add(Code::SchemaValidationFailed, pointer, message);
    }

    pub(crate) fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.found.into_inner()
    }
}
