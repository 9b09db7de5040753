//! What the room refuses.

use trainyard_domain::Kind;
use trainyard_store::Error as StoreError;

use crate::refusal::{Refusal, store_code};

/// Why the room refuses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such repository.
    #[error("there is no repository `{0}`: push to it, and it is made")]
    NoRepository(String),
    /// It cannot be a repository's name.
    #[error("`{0}` cannot be a repository's name: use 1 to 100 letters, digits, `.`, `_` and `-`")]
    BadName(String),
    /// The repository has no such branch, tag or commit.
    #[error("the repository `{repository}` has no branch, tag or commit `{version}`")]
    NoVersion {
        /// The repository.
        repository: String,
        /// What was looked for.
        version: String,
    },
    /// There is no such file in a commit.
    #[error("there is no file `{path}` in commit {commit}")]
    NoFile {
        /// The file.
        path: String,
        /// The commit.
        commit: String,
    },
    /// git, or the disk below it, gave an error.
    #[error("git cannot do it: {0}")]
    Git(String),
    /// The store's trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::NoRepository(_) | Self::NoVersion { .. } | Self::NoFile { .. } => Kind::NotFound,
            Self::BadName(_) => Kind::Invalid,
            Self::Git(_) => Kind::Unavailable,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoRepository(_) => "RepositoryDoesNotExistException",
            Self::BadName(_) => "InvalidRepositoryNameException",
            Self::NoVersion { .. } => "CommitDoesNotExistException",
            Self::NoFile { .. } => "FileDoesNotExistException",
            Self::Git(_) => "ServiceUnavailable",
            Self::Store(error) => store_code(error),
        }
    }
}
