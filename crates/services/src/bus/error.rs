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
    /// A service manages the rule.
    #[error("{0} is a managed rule. Set 'force' parameter to true to override.")]
    Managed(String),
    /// The bus's policy has no statement of that name.
    #[error("Statement with the provided id does not exist.")]
    NoStatement,
    /// The bus's policy would be too long.
    #[error("The policy is longer than 10240 characters.")]
    LongPolicy,
    /// There is no such archive.
    #[error("Archive {0} does not exist.")]
    NoArchive(String),
    /// There is such an archive already.
    #[error("Archive {0} already exists.")]
    ArchiveExists(String),
    /// There is no such replay.
    #[error("Replay {0} does not exist.")]
    NoReplay(String),
    /// There is such a replay already.
    #[error("Replay {0} already exists.")]
    ReplayExists(String),
    /// The replay has ended.
    #[error("Replay {0} is not in a valid state for this operation.")]
    ReplayOver(String),
    /// There is no such partner event source.
    #[error("Event source {0} does not exist.")]
    NoSource(String),
    /// There is no such global endpoint.
    #[error("Endpoint {0} does not exist.")]
    NoEndpoint(String),
    /// What AWS has elsewhere and this server does not.
    #[error("The operation you are attempting is not available in this region.")]
    NotHere,
    /// Who asks may not.
    #[error("{0}")]
    Denied(String),
    /// Somebody else changed the bus at the same time.
    #[error("Event bus {0} was modified concurrently.")]
    ConcurrentBus(String),
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

impl Error {
    /// AWS's words for a text that is not the ARN that it should be.
    pub(super) fn not_an_arn(text: &str) -> Self {
        Self::Invalid(format!(
            "Parameter {text} is not valid. Reason: Provided Arn is not in correct format."
        ))
    }
}

impl Refusal for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::NoBus(_)
            | Self::NoRule { .. }
            | Self::NoStatement
            | Self::NoArchive(_)
            | Self::NoReplay(_)
            | Self::NoSource(_)
            | Self::NoEndpoint(_) => Kind::NotFound,
            Self::BusExists(_) | Self::ArchiveExists(_) | Self::ReplayExists(_) => Kind::Exists,
            Self::Pattern(_) | Self::Invalid(_) | Self::Limit | Self::LongPolicy | Self::NotHere => {
                Kind::Invalid
            }
            Self::Concurrent(_) | Self::ConcurrentBus(_) | Self::Managed(_) | Self::ReplayOver(_) => {
                Kind::Conflict
            }
            Self::Denied(_) => Kind::Forbidden,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoBus(_)
            | Self::NoRule { .. }
            | Self::NoStatement
            | Self::NoArchive(_)
            | Self::NoReplay(_)
            | Self::NoSource(_)
            | Self::NoEndpoint(_) => "ResourceNotFoundException",
            Self::BusExists(_) | Self::ArchiveExists(_) | Self::ReplayExists(_) => {
                "ResourceAlreadyExistsException"
            }
            Self::Pattern(_) => "InvalidEventPatternException",
            Self::Invalid(_) => "ValidationException",
            Self::Limit => "LimitExceededException",
            Self::NotHere => "OperationDisabledException",
            Self::LongPolicy => "PolicyLengthExceededException",
            Self::Managed(_) => "ManagedRuleException",
            Self::ReplayOver(_) => "IllegalStatusException",
            Self::Denied(_) => "AccessDeniedException",
            Self::Concurrent(_) | Self::ConcurrentBus(_) => "ConcurrentModificationException",
            Self::Store(error) => store_code(error),
        }
    }
}
