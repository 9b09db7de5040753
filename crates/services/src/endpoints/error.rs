//! What can be wrong with models, configurations and endpoints.

use trainyard_domain::{Kind, ports::DriverError};

use crate::refusal::{Refusal, store_code};

/// Trouble with endpoints.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request breaks a rule, or names something that is not there: SageMaker says the same for both.
    #[error("{0}")]
    Invalid(String),
    /// The role is another account's.
    #[error("Cross-account pass role is not allowed.")]
    StrangeRole,
    /// The endpoint that is invoked is not there or not ready.
    #[error("{0}")]
    NotReady(String),
    /// The model did not answer.
    #[error("{0}")]
    NoAnswer(String),
    /// The store's trouble.
    #[error(transparent)]
    Store(#[from] trainyard_store::Error),
    /// The driver's trouble.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// Our own trouble with a model's files.
    #[error("{0}")]
    Trouble(String),
}

impl Error {
    /// There is no such thing, in AWS's words.
    pub(super) fn missing(what: &str, arn: &trainyard_domain::Arn) -> Self {
        Self::Invalid(format!("Could not find {what} \"{arn}\"."))
    }

    /// There is such a thing already, in AWS's words.
    pub(super) fn exists(what: &str, arn: &trainyard_domain::Arn) -> Self {
        Self::Invalid(format!("Cannot create already existing {what} \"{arn}\"."))
    }
}

impl Refusal for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid(_) | Self::NotReady(_) => Kind::Invalid,
            Self::StrangeRole => Kind::Forbidden,
            Self::NoAnswer(_) => Kind::Unavailable,
            Self::Store(error) => error.kind(),
            Self::Driver(error) => error.kind,
            Self::Trouble(_) => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "ValidationException",
            Self::StrangeRole => "AccessDeniedException",
            Self::NotReady(_) => "ValidationError",
            Self::NoAnswer(_) => "ServiceUnavailable",
            Self::Store(error) => store_code(error),
            Self::Driver(_) | Self::Trouble(_) => "InternalFailure",
        }
    }
}
