//! What the bus refuses, in EventBridge's names and words.

use trainyard_domain::Kind;
use trainyard_store::Error as StoreError;

use crate::refusal::{Refusal, store_code};

/// Why the bus refuses.
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/CommonErrors.html>
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such bus.
    #[error("Event bus {0} does not exist.")]
    NoBus(String),
    /// There is such a bus already.
    #[error("Event bus {0} already exists.")]
    BusExists(String),
    /// There is no such rule on the bus.
    #[error("Rule {rule} does not exist on EventBus {bus}.")]
    NoRule {
        /// The rule.
        rule: String,
        /// The bus.
        bus: String,
    },
    /// The pattern cannot be used: the whole message.
    #[error("{0}")]
    Pattern(String),
    /// Anything else that the caller got wrong.
    #[error("{0}")]
    Invalid(String),
    /// More than there may be.
    #[error("The requested resource exceeds the maximum number allowed.")]
    Limit,
    /// Somebody else changed the rule at the same time.
    #[error("Rule {0} was modified concurrently.")]
    Concurrent(String),
    /// The store's trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Refusal for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::NoBus(_) | Self::NoRule { .. } => Kind::NotFound,
            Self::BusExists(_) => Kind::Exists,
            Self::Pattern(_) | Self::Invalid(_) | Self::Limit => Kind::Invalid,
            Self::Concurrent(_) => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoBus(_) | Self::NoRule { .. } => "ResourceNotFoundException",
            Self::BusExists(_) => "ResourceAlreadyExistsException",
            Self::Pattern(_) => "InvalidEventPatternException",
            Self::Invalid(_) => "ValidationException",
            Self::Limit => "LimitExceededException",
            Self::Concurrent(_) => "ConcurrentModificationException",
            Self::Store(error) => store_code(error),
        }
    }
}

/// AWS's words for a value that its model does not allow.
pub(super) fn constraint(value: &str, member: &str, rule: &str) -> Error {
    Error::Invalid(format!(
        "1 validation error detected: Value '{value}' at '{member}' failed to satisfy constraint: Member must {rule}"
    ))
}
