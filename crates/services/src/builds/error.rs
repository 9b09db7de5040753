//! What the room refuses.

use trainyard_domain::Kind;
use trainyard_store::Error as StoreError;

use crate::refusal::{Refusal, store_code};

/// Why the room refuses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such project.
    #[error("Project cannot be found: {0}")]
    NoProject(String),
    /// There is such a project already.
    #[error("Project already exists: {0}")]
    ProjectExists(String),
    /// There is no such credential.
    #[error("Source credentials cannot be found: {0}")]
    NoCredential(String),
    /// There is such a credential already.
    #[error("Source credentials already exist: {0}")]
    CredentialExists(String),
    /// There is no such build.
    #[error("Build cannot be found: {0}")]
    NoBuild(String),
    /// The project has no webhook, or has one already.
    #[error("{0}")]
    Webhook(String),
    /// What was asked for cannot be.
    #[error("{0}")]
    Invalid(String),
    /// The role is another account's.
    #[error("Cross-account pass role is not allowed.")]
    StrangeRole,
    /// Somebody else changed it at the same time.
    #[error("{0} was changed at the same time: try again")]
    Busy(String),
    /// The repositories' trouble.
    #[error(transparent)]
    Repositories(#[from] crate::repositories::Error),
    /// The jobs' trouble.
    #[error(transparent)]
    Jobs(#[from] crate::jobs::Error),
    /// The disk's trouble.
    #[error("{0}")]
    Disk(String),
    /// The store's trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// Trouble with a file.
    pub(super) fn disk(path: &std::path::Path, error: &std::io::Error) -> Self {
        Self::Disk(format!("{}: {error}", path.display()))
    }
}

impl Refusal for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::NoProject(_) | Self::NoBuild(_) | Self::NoCredential(_) => Kind::NotFound,
            Self::ProjectExists(_) | Self::CredentialExists(_) => Kind::Exists,
            Self::Invalid(_) | Self::Webhook(_) => Kind::Invalid,
            Self::StrangeRole => Kind::Forbidden,
            Self::Busy(_) => Kind::Conflict,
            Self::Repositories(error) => error.kind(),
            Self::Jobs(error) => error.kind(),
            Self::Disk(_) => Kind::Unavailable,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoProject(_) | Self::NoBuild(_) | Self::NoCredential(_) => "ResourceNotFoundException",
            Self::ProjectExists(_) | Self::CredentialExists(_) => "ResourceAlreadyExistsException",
            Self::Invalid(_) | Self::Webhook(_) => "InvalidInputException",
            Self::StrangeRole => "AccessDeniedException",
            Self::Busy(_) => "ConflictException",
            Self::Repositories(error) if error.kind() == Kind::Invalid => "InvalidInputException",
            Self::Repositories(error) => error.code(),
            Self::Jobs(error) => error.code(),
            Self::Disk(_) => "ServiceUnavailable",
            Self::Store(error) => store_code(error),
        }
    }
}
