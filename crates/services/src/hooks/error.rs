//! What the room refuses.

use trainyard_domain::{Kind, hook::HookError};
use trainyard_store::Error as StoreError;

use crate::{
    bus,
    refusal::{Refusal, store_code},
};

/// Why the room refuses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such hook.
    #[error("there is no hook `{0}`")]
    NoHook(String),
    /// There is one of that name, maybe another account's.
    #[error("a hook named `{0}` is there already: names of hooks are unique in the server")]
    Exists(String),
    /// Anything else that a person got wrong.
    #[error("{0}")]
    Invalid(String),
    /// A call that is not told.
    #[error(transparent)]
    Call(#[from] HookError),
    /// Somebody else changed it at the same time.
    #[error("the hook `{0}` was changed at the same time")]
    Concurrent(String),
    /// There is no randomness, or what was committed cannot be found.
    #[error("{0}")]
    Internal(String),
    /// The bus refuses.
    #[error(transparent)]
    Bus(#[from] bus::Error),
    /// The store's trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::NoHook(_) => Kind::NotFound,
            Self::Exists(_) => Kind::Exists,
            Self::Invalid(_) | Self::Call(HookError::Malformed(_)) => Kind::Invalid,
            Self::Call(HookError::Forbidden(_)) => Kind::Forbidden,
            Self::Concurrent(_) => Kind::Conflict,
            Self::Internal(_) => Kind::Internal,
            Self::Bus(error) => error.kind(),
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoHook(_) => "ResourceNotFoundException",
            Self::Exists(_) | Self::Concurrent(_) => "ConflictException",
            Self::Invalid(_) | Self::Call(HookError::Malformed(_)) => "ValidationException",
            Self::Call(HookError::Forbidden(_)) => "AccessDeniedException",
            Self::Internal(_) => "InternalFailure",
            Self::Bus(error) => error.code(),
            Self::Store(error) => store_code(error),
        }
    }
}
