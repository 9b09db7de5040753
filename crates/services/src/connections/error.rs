//! What the room refuses, in EventBridge's names and words.

use trainyard_domain::Kind;
use trainyard_store::Error as StoreError;

use crate::refusal::{Refusal, store_code};

/// Why the room refuses.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html>
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such connection.
    #[error("Failed to {verb} the connection(s). Connection '{name}' does not exist.")]
    NoConnection {
        /// What was to be done.
        verb: &'static str,
        /// Its name or ARN.
        name: String,
    },
    /// There is no such destination.
    #[error("Failed to {verb} the api-destination(s). An api-destination '{name}' does not exist.")]
    NoDestination {
        /// What was to be done.
        verb: &'static str,
        /// Its name or ARN.
        name: String,
    },
    /// There is such a connection or destination already.
    #[error("{0} already exists.")]
    Exists(String),
    /// Anything else that the caller got wrong.
    #[error("{0}")]
    Invalid(String),
    /// Somebody else changed it at the same time.
    #[error("{0} was modified concurrently.")]
    Concurrent(String),
    /// The store's trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// A commit's trouble: a conflict is somebody else's change.
    pub(super) fn of_commit(error: StoreError, name: &str) -> Self {
        match error {
            StoreError::Conflict(_) => Self::Concurrent(name.to_owned()),
            error => error.into(),
        }
    }
}

impl Refusal for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::NoConnection { .. } | Self::NoDestination { .. } => Kind::NotFound,
            Self::Exists(_) => Kind::Exists,
            Self::Invalid(_) => Kind::Invalid,
            Self::Concurrent(_) => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoConnection { .. } | Self::NoDestination { .. } => "ResourceNotFoundException",
            Self::Exists(_) => "ResourceAlreadyExistsException",
            Self::Invalid(_) => "ValidationException",
            Self::Concurrent(_) => "ConcurrentModificationException",
            Self::Store(error) => store_code(error),
        }
    }
}
