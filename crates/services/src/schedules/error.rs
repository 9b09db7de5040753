//! What the room refuses, in EventBridge Scheduler's names and words.

use trainyard_domain::Kind;
use trainyard_store::Error as StoreError;

use crate::refusal::{Refusal, store_code};

/// Why the room refuses.
/// <https://docs.aws.amazon.com/scheduler/latest/APIReference/CommonErrors.html>
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such schedule in the group.
    #[error("Schedule {0} does not exist.")]
    NoSchedule(String),
    /// There is no such group.
    #[error("Schedule group {0} does not exist.")]
    NoGroup(String),
    /// There is such a schedule already.
    #[error("Schedule {0} already exists.")]
    ScheduleExists(String),
    /// There is such a group already.
    #[error("Schedule group {0} already exists.")]
    GroupExists(String),
    /// The thing was changed at the same time, or is being deleted.
    #[error("{0}")]
    Conflict(String),
    /// Anything that the caller got wrong.
    #[error("{0}")]
    Invalid(String),
    /// The store's trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::NoSchedule(_) | Self::NoGroup(_) => Kind::NotFound,
            Self::ScheduleExists(_) | Self::GroupExists(_) => Kind::Exists,
            Self::Conflict(_) => Kind::Conflict,
            Self::Invalid(_) => Kind::Invalid,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoSchedule(_) | Self::NoGroup(_) => "ResourceNotFoundException",
            Self::ScheduleExists(_) | Self::GroupExists(_) | Self::Conflict(_) => "ConflictException",
            Self::Invalid(_) => "ValidationException",
            Self::Store(error) => store_code(error),
        }
    }
}

/// AWS's words for a value that its model does not allow.
pub(super) fn constraint(value: impl std::fmt::Display, member: &str, rule: &str) -> Error {
    Error::Invalid(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {rule}"
    ))
}
