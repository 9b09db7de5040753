//! What can be wrong with a job request.

use trainyard_domain::{Kind, ports::DriverError};

use crate::refusal::{Refusal, store_code};

/// Trouble with jobs.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request breaks a rule.
    #[error("{0}")]
    Invalid(String),
    /// The role is another account's.
    #[error("Cross-account pass role is not allowed.")]
    StrangeRole,
    /// There is no such job.
    #[error("Requested resource not found.")]
    NotFound,
    /// There is one of that name.
    #[error("{0}")]
    InUse(String),
    /// The store's trouble.
    #[error(transparent)]
    Store(#[from] trainyard_store::Error),
    /// The driver's trouble.
    #[error(transparent)]
    Driver(#[from] DriverError),
    /// Our own trouble with the job's directory or data.
    #[error("{0}")]
    Trouble(String),
}

/// Why a job's data did not come or did not go.
pub(super) enum NotMoved {
    /// It never can: the job has failed, and this is why.
    Failed(String),
    /// Our own trouble: try again.
    Trouble(Error),
}

impl<E: Into<Error>> From<E> for NotMoved {
    fn from(error: E) -> Self {
        Self::Trouble(error.into())
    }
}

impl Error {
    /// An instance type that we do not know, in AWS's words.
    pub(super) fn unknown_instance(member: &str, value: &str) -> Self {
        Self::Invalid(format!(
            "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must be an instance type that is known here, such as ml.t3.medium or ml.m5.large"
        ))
    }
}

impl Refusal for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid(_) => Kind::Invalid,
            Self::StrangeRole => Kind::Forbidden,
            Self::NotFound => Kind::NotFound,
            Self::InUse(_) => Kind::Exists,
            Self::Store(error) => error.kind(),
            Self::Driver(error) => error.kind,
            Self::Trouble(_) => Kind::Internal,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "ValidationException",
            Self::StrangeRole => "AccessDeniedException",
            Self::NotFound => "ResourceNotFound",
            Self::InUse(_) => "ResourceInUse",
            Self::Store(error) => store_code(error),
            Self::Driver(_) | Self::Trouble(_) => "InternalFailure",
        }
    }
}
