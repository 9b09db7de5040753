//! What is wrong with a definition, or doubtful, without making a state machine of it.

use trainyard_lang::asl::Diagnostic;

use super::{Error, Executions, machine::MachineType};

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weight {
    /// No state machine can be made of it.
    Error,
    /// It may not be what was meant.
    Warning,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it weighs.
    pub weight: Weight,
    /// AWS's code.
    pub code: &'static str,
    /// For a person.
    pub message: String,
    /// Where, as a JSON pointer.
    pub location: Option<String>,
}

impl Weight {
    /// As AWS writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "ERROR",
            Self::Warning => "WARNING",
        }
    }
}

impl Executions {
    /// All that is found in the definition of a state machine of that type. Nothing is made.
    pub fn validate(&self, definition: &str, kind: MachineType) -> Vec<Finding> {
        match self.check_definition_for(definition, kind) {
            Ok(_) => Vec::new(),
            Err(Error::InvalidDefinition(found)) => found.into_iter().map(Finding::from).collect(),
            Err(error) => vec![Finding {
                weight: Weight::Error,
                code: "SCHEMA_VALIDATION_FAILED",
                message: error.to_string(),
                location: None,
            }],
        }
    }
}

impl From<Diagnostic> for Finding {
    fn from(found: Diagnostic) -> Self {
        let Diagnostic { code, message, pointer } = found;
        Self { weight: Weight::Error, code: code.as_str(), message, location: pointer }
    }
}
