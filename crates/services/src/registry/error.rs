//! What can be wrong with a model package or group.

use trainyard_domain::Kind;

use crate::refusal::{Refusal, store_code};

/// Trouble with the registry.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The request breaks a rule.
    #[error("{0}")]
    Invalid(String),
    /// There is no such group or package.
    #[error("{0} does not exist.")]
    NotFound(String),
    /// There is one already.
    #[error("{0} already exists.")]
    Exists(String),
    /// It is in a state that does not allow it.
    #[error("{0}")]
    Conflict(String),
    /// The store's trouble.
    #[error(transparent)]
    Store(#[from] trainyard_store::Error),
}

impl Refusal for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::Invalid(_) => Kind::Invalid,
            Self::NotFound(_) => Kind::NotFound,
            Self::Exists(_) => Kind::Exists,
            Self::Conflict(_) => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    /// SageMaker says `ValidationException` for a missing group or package too.
    fn code(&self) -> &'static str {
        match self {
            Self::Invalid(_) | Self::NotFound(_) | Self::Exists(_) => "ValidationException",
            Self::Conflict(_) => "ConflictException",
            Self::Store(error) => store_code(error),
        }
    }
}
