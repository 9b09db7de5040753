//! What can go wrong with the store.

use trainyard_domain::Kind;

/// Trouble with the store.
#[derive(Clone, Debug, thiserror::Error)]
pub enum Error {
    /// Something in the changes did not expect what is there: nothing of them was done. Read again and retry.
    #[error("{0} has changed meanwhile")]
    Conflict(String),
    /// A document that cannot be read: it is left where it is, and everything else goes on.
    #[error("the {kind} `{id}` in {scope} cannot be read: {reason}")]
    Poisoned {
        /// Its kind.
        kind: String,
        /// Its scope.
        scope: String,
        /// Its id.
        id: String,
        /// Why.
        reason: String,
    },
    /// The disk is full or refuses: nothing of the changes was done.
    #[error("the store is not available: {0}")]
    Unavailable(String),
    /// The data directory cannot be opened: in use, or written by a newer version.
    #[error("{0}")]
    Refused(String),
    /// What was given cannot be kept, or asks for what cannot be.
    #[error("{0}")]
    Invalid(String),
    /// Our own fault.
    #[error("{0}")]
    Internal(String),
}

impl From<rusqlite::Error> for Error {
    fn from(e: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{
            CannotOpen, DatabaseBusy, DatabaseLocked, DiskFull, FileLockingProtocolFailed, OutOfMemory,
            PermissionDenied, ReadOnly, SystemIoFailure,
        };
        match e.sqlite_error_code() {
            Some(
                CannotOpen
                | DatabaseBusy
                | DatabaseLocked
                | DiskFull
                | FileLockingProtocolFailed
                | OutOfMemory
                | PermissionDenied
                | ReadOnly
                | SystemIoFailure,
            ) => Self::Unavailable(e.to_string()),
            _ => Self::Internal(format!("the store's file gave an error: {e}")),
        }
    }
}

impl Error {
    /// What kind of trouble it is.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Conflict(_) => Kind::Conflict,
            Self::Invalid(_) => Kind::Invalid,
            Self::Unavailable(_) | Self::Refused(_) => Kind::Unavailable,
            Self::Poisoned { .. } | Self::Internal(_) => Kind::Internal,
        }
    }
}
