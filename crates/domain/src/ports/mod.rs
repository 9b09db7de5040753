//! The ports: a trait only where the user has a choice.
//!
//! Verbs are safe to repeat and tell levels, not edges: `ensure` called twice, or after a crash, adopts what is
//! there and never starts a second. There are no handles: a driver labels what it starts with our id.

mod blobs;
mod hook;
mod job_driver;
mod outside;
mod serving_driver;

pub use blobs::{Blobs, ByteStream, Stat};
pub use hook::Hook;
pub use job_driver::JobDriver;
pub use outside::{Outside, OutsideError};
pub use serving_driver::ServingDriver;

use crate::Kind;

/// Trouble of a driver's own.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct DriverError {
    /// What kind.
    pub kind: Kind,
    /// What went wrong, naming the thing.
    pub message: String,
}

impl DriverError {
    /// An error of that kind.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }
}
