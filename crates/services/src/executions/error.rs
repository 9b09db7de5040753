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
    /// Standard and express state machines do not have the same operations.
    #[error("This operation is not supported by this type of state machine")]
    MachineType,
    /// Where executions are to be logged is nowhere, or in too many places.
    #[error("Invalid Logging Configuration: {0}")]
    Logging(&'static str),
    /// The key and its owner do not fit.
    #[error("Invalid Encryption Configuration: {0}")]
    Encryption(String),
    /// There is no such version, alias or thing with tags.
    #[error("{0}")]
    NoResource(String),
    /// There is no such activity.
    #[error("Activity Does Not Exist: '{0}'")]
    NoActivity(String),
    /// Another activity has the name.
    #[error("Activity Already Exists: '{0}'")]
    ActivityExists(String),
    /// Something else depends on what is there.
    #[error("{0}")]
    Conflict(String),
    /// More tags than a thing may have.
    #[error("The number of tags exceeds the limit of {0}")]
    TooManyTags(usize),
    /// As many executions are in memory as there may be.
    #[error("{0} express executions run already: wait until some have ended")]
    ExecutionLimit(usize),
    /// The role is of another account.
    #[error("Cross-account pass role is not allowed.")]
    StrangeRole,
    /// Another execution has the name.
    #[error("Execution Already Exists: '{0}'")]
    ExecutionExists(String),
    /// The execution cannot be redriven, for this reason.
    #[error("{0}")]
    NotRedrivable(&'static str),
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
    Store(StoreError),
}

impl From<StoreError> for Error {
    /// What the store cannot read concerns the execution that it is of, and nobody else.
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Poisoned { kind, scope, id, reason } => {
                Self::Poisoned { what: format!("the {kind} `{id}` in {scope}"), reason }
            }
            error => Self::Store(error),
        }
    }
}

impl Refusal for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::InvalidName(_)
            | Self::InvalidArn(_)
            | Self::InvalidDefinition(_)
            | Self::MachineType
            | Self::Logging(_)
            | Self::Encryption(_)
            | Self::TooManyTags(_)
            | Self::NotRedrivable(_)
            | Self::InvalidInput(_)
            | Self::InvalidOutput(_)
            | Self::InvalidToken
            | Self::Missing(_)
            | Self::Invalid(_) => Kind::Invalid,
            Self::MachineExists(_) | Self::ExecutionExists(_) | Self::ActivityExists(_) => Kind::Exists,
            Self::NoMachine(_) | Self::NoExecution(_) | Self::NoActivity(_) | Self::NoResource(_) => {
                Kind::NotFound
            }
            // Nothing that passes by itself.
            Self::Conflict(_) => Kind::Invalid,
            Self::TaskTimedOut | Self::Busy(_) => Kind::Conflict,
            Self::ExecutionLimit(_) => Kind::Busy,
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
            Self::MachineType => "StateMachineTypeNotSupported",
            Self::Logging(_) => "InvalidLoggingConfiguration",
            Self::Encryption(_) => "InvalidEncryptionConfiguration",
            Self::NoResource(_) => "ResourceNotFound",
            Self::NoActivity(_) => "ActivityDoesNotExist",
            Self::ActivityExists(_) => "ActivityAlreadyExists",
            Self::TooManyTags(_) => "TooManyTags",
            Self::ExecutionLimit(_) => "ExecutionLimitExceeded",
            Self::ExecutionExists(_) => "ExecutionAlreadyExists",
            Self::NotRedrivable(_) => "ExecutionNotRedrivable",
            Self::NoExecution(_) => "ExecutionDoesNotExist",
            Self::InvalidInput(_) => "InvalidExecutionInput",
            Self::InvalidOutput(_) => "InvalidOutput",
            Self::InvalidToken => "InvalidToken",
            Self::TaskTimedOut => "TaskTimedOut",
            Self::Missing(_) => "MissingRequiredParameter",
            Self::Invalid(_) => "ValidationException",
            Self::Busy(_) | Self::Conflict(_) => "ConflictException",
            Self::StrangeRole => "AccessDeniedException",
            Self::Poisoned { .. } => "ServiceUnavailable",
            Self::Store(error) => store_code(error),
        }
    }
}
