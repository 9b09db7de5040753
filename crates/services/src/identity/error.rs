//! What the room refuses.

use trainyard_domain::Kind;

use crate::refusal::{Refusal, store_code};

/// Why the room refuses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody has this key, or its session token was not made here.
    #[error("The security token included in the request is invalid.")]
    UnknownKey,
    /// The session is over.
    #[error("The security token included in the request is expired")]
    ExpiredToken,
    /// Not allowed, whoever asks.
    #[error("{0}")]
    Forbidden(String),
    /// There is no such role or policy.
    #[error("The {what} with name {name} cannot be found.")]
    NotFound {
        /// `role`, `policy`.
        what: &'static str,
        /// Its name or ARN.
        name: String,
    },
    /// It is there already.
    #[error("{what} with name {name} already exists.")]
    Exists {
        /// `Role`, `Policy`.
        what: &'static str,
        /// Its name.
        name: String,
    },
    /// It is in use.
    #[error("{0}")]
    InUse(&'static str),
    /// A policy document is not one.
    #[error("the policy document is not valid: {0}")]
    MalformedPolicy(String),
    /// A name or number breaks a rule.
    #[error("{0}")]
    Invalid(String),
    /// What is asked for breaks a rule that no model says.
    #[error("{0}")]
    InvalidInput(&'static str),
    /// A role or policy would have more tags than one can.
    #[error("The number of tags has reached the maximum limit.")]
    TooManyTags,
    /// The store's trouble.
    #[error(transparent)]
    Store(#[from] trainyard_store::Error),
}

impl Refusal for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::UnknownKey | Self::ExpiredToken => Kind::Unauthenticated,
            Self::Forbidden(_) => Kind::Forbidden,
            Self::NotFound { .. } => Kind::NotFound,
            Self::Exists { .. } => Kind::Exists,
            Self::InUse(_) => Kind::Conflict,
            Self::MalformedPolicy(_) | Self::Invalid(_) | Self::InvalidInput(_) | Self::TooManyTags => {
                Kind::Invalid
            }
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::UnknownKey => "InvalidClientTokenId",
            Self::ExpiredToken => "ExpiredToken",
            Self::Forbidden(_) => "AccessDenied",
            Self::NotFound { .. } => "NoSuchEntity",
            Self::Exists { .. } => "EntityAlreadyExists",
            Self::InUse(_) => "DeleteConflict",
            Self::MalformedPolicy(_) => "MalformedPolicyDocument",
            Self::Invalid(_) => "ValidationError",
            Self::InvalidInput(_) => "InvalidInput",
            Self::TooManyTags => "LimitExceeded",
            Self::Store(error) => store_code(error),
        }
    }
}

/// A conflict on a document that must be absent means that it is there.
pub(super) fn exists(error: trainyard_store::Error, what: &'static str, name: &str) -> Error {
    match error {
        trainyard_store::Error::Conflict(_) => Error::Exists { what, name: name.to_owned() },
        other => Error::Store(other),
    }
}
