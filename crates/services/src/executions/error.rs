//! What executions refuse, in the names and words of Step Functions.

use trainyard_domain::Kind;
use trainyard_lang::asl::{Diagnostic, invalid_definition};
use trainyard_store::Error as StoreError;

use crate::refusal::{Refusal, store_code};

/// Why something is refused.
/// <https://docs.aws.amazon.com/step-functions/latest/apireference/CommonErrors.html>
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A name with characters that names do not have.
    #[error("Invalid Name: '{0}'")]
    InvalidName(String),
    /// Not an ARN, or of the wrong thing.
    #[error("Invalid Arn: '{0}'")]
    InvalidArn(String),
    /// The definition has faults: all of them.
    #[error("{}", invalid_definition(.0))]
    InvalidDefinition(Vec<Diagnostic>),
    /// Another state machine has the name.
    #[error("State Machine Already Exists: '{0}'")]
    MachineExists(String),
    /// There is no such state machine.
    #[error("State Machine Does Not Exist: '{0}'")]
    NoMachine(String),
    /// Express state machines are not run yet.
    #[error("State machines of type {0} are not supported yet: use STANDARD")]
    MachineType(String),
    /// The role is of another account.
    #[error("Cross-account pass role is not allowed.")]
    StrangeRole,
    /// Another execution has the name.
    #[error("Execution Already Exists: '{0}'")]
    ExecutionExists(String),
    /// There is no such execution.
    #[error("Execution Does Not Exist: '{0}'")]
    NoExecution(String),
    /// The input is not JSON.
    #[error("Invalid State Machine Execution Input: '{0}'")]
    InvalidInput(String),
    /// The output that was sent for a task is not JSON.
    #[error("Invalid Output: '{0}'")]
    InvalidOutput(String),
    /// A page token, or a task token, that we never made.
    #[error("Invalid Token: 'Invalid token'")]
    InvalidToken,
    /// The task has ended, or its execution has.
    #[error("Task Timed Out: 'Provided task does not exist anymore'")]
    TaskTimedOut,
    /// Nothing to update was named.
    #[error("{0}")]
    Missing(&'static str),
    /// Anything else that breaks a rule.
    #[error("{0}")]
    Invalid(String),
    /// Somebody else changed the same thing at the same time, again and again.
    #[error("{0} has changed meanwhile: try again")]
    Busy(String),
    /// A history or definition cannot be read: the execution stands still until somebody repairs it, and all others go on.
    #[error("{what} cannot be read: {reason}")]
    Poisoned {
        /// Which history or definition.
        what: String,
        /// Why.
        reason: String,
    },
    /// The store's trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::InvalidName(_)
            | Self::InvalidArn(_)
            | Self::InvalidDefinition(_)
            | Self::MachineType(_)
            | Self::InvalidInput(_)
            | Self::InvalidOutput(_)
            | Self::InvalidToken
            | Self::Missing(_)
            | Self::Invalid(_) => Kind::Invalid,
            Self::MachineExists(_) | Self::ExecutionExists(_) => Kind::Exists,
            Self::NoMachine(_) | Self::NoExecution(_) => Kind::NotFound,
            Self::TaskTimedOut | Self::Busy(_) => Kind::Conflict,
            Self::StrangeRole => Kind::Forbidden,
            Self::Poisoned { .. } => Kind::Unavailable,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::InvalidName(_) => "InvalidName",
            Self::InvalidArn(_) => "InvalidArn",
            Self::InvalidDefinition(_) => "InvalidDefinition",
            Self::MachineExists(_) => "StateMachineAlreadyExists",
            Self::NoMachine(_) => "StateMachineDoesNotExist",
            Self::MachineType(_) => "StateMachineTypeNotSupported",
            Self::ExecutionExists(_) => "ExecutionAlreadyExists",
            Self::NoExecution(_) => "ExecutionDoesNotExist",
            Self::InvalidInput(_) => "InvalidExecutionInput",
            Self::InvalidOutput(_) => "InvalidOutput",
            Self::InvalidToken => "InvalidToken",
            Self::TaskTimedOut => "TaskTimedOut",
            Self::Missing(_) => "MissingRequiredParameter",
            Self::Invalid(_) => "ValidationException",
            Self::Busy(_) => "ConflictException",
            Self::StrangeRole => "AccessDeniedException",
            Self::Poisoned { .. } => "ServiceUnavailable",
            Self::Store(error) => store_code(error),
        }
    }
}
