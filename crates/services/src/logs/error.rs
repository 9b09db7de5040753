//! What the room refuses.

use std::{io, path::Path};

use trainyard_domain::Kind;

use crate::refusal::{Refusal, store_code};

/// Why the room refuses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The group is there already.
    #[error("The specified log group already exists")]
    GroupExists,
    /// There is no such group.
    #[error("The specified log group does not exist.")]
    NoGroup,
    /// There is no such stream.
    #[error("The specified log stream does not exist.")]
    NoStream,
    /// There is no such policy.
    #[error("Policy with name [{0}] does not exist.")]
    NoPolicy(String),
    /// There are as many as there may be.
    #[error("Resource limit exceeded.")]
    Limit,
    /// A group would have more tags than one can.
    #[error("A log group can have at most 50 tags.")]
    TooManyTags,
    /// A name, token, limit or pattern breaks a rule.
    #[error("{0}")]
    Invalid(String),
    /// The disk refuses.
    #[error("{0}")]
    Disk(String),
    /// The store's trouble.
    #[error(transparent)]
    Store(#[from] trainyard_store::Error),
}

impl Error {
    pub(super) fn disk(path: &Path, error: &io::Error) -> Self {
        Self::Disk(format!("the log in {} cannot be read or written: {error}", path.display()))
    }
}

impl Refusal for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::GroupExists => Kind::Exists,
            Self::NoGroup | Self::NoStream | Self::NoPolicy(_) => Kind::NotFound,
            Self::Invalid(_) | Self::Limit | Self::TooManyTags => Kind::Invalid,
            Self::Disk(_) => Kind::Unavailable,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::GroupExists => "ResourceAlreadyExistsException",
            Self::NoGroup | Self::NoStream | Self::NoPolicy(_) => "ResourceNotFoundException",
            Self::TooManyTags => "TooManyTagsException",
            Self::Limit => "LimitExceededException",
            Self::Invalid(_) | Self::Store(trainyard_store::Error::Invalid(_)) => "InvalidParameterException",
            Self::Disk(_) => "ServiceUnavailableException",
            Self::Store(error) => store_code(error),
        }
    }
}
