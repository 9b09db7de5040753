//! Trouble of the operating system's, as a driver tells it.

use std::{io, path::Path};

use trainyard_domain::{Kind, ports::DriverError};

/// What could not be done, to what, and why.
pub(crate) fn at(what: &str, path: &Path, error: &io::Error) -> DriverError {
    DriverError::new(kind(error), format!("cannot {what} `{}`: {error}", path.display()))
}

/// The kind of an error of the operating system's. That a file of ours is missing is no answer to a caller's
/// question, so it is never `NotFound`.
pub(crate) fn kind(error: &io::Error) -> Kind {
    match error.kind() {
        io::ErrorKind::TimedOut => Kind::Timeout,
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => Kind::Invalid,
        _ => Kind::Unavailable,
    }
}

/// The blocking half of a verb did not come to its end: it panicked, or the runtime is going down.
pub(crate) fn cut_short(error: &tokio::task::JoinError) -> DriverError {
    DriverError::new(Kind::Internal, format!("the work was cut short: {error}"))
}
