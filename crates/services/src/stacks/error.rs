//! What the room refuses.

use trainyard_domain::Kind;
use trainyard_lang::source::Diagnostic;
use trainyard_store::Error as StoreError;

use crate::refusal::{Refusal, store_code};

/// Why the room refuses.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such stack.
    #[error("Stack with id {0} does not exist")]
    NoStack(String),
    /// It is being changed.
    #[error("Stack:{0} is in {1} state and can not be updated: wait until that has ended")]
    Busy(String, &'static str),
    /// The template, its files or its parameters are wrong: everything, each with its place.
    #[error("{}", lines(.0))]
    Invalid(Vec<Diagnostic>),
    /// The request is wrong.
    #[error("{0}")]
    Request(String),
    /// Another room refused a step.
    #[error("{message}")]
    Refused {
        /// What kind of trouble.
        kind: Kind,
        /// Its code there.
        code: &'static str,
        /// Its message there.
        message: String,
    },
    /// The store's trouble.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// Another room's refusal.
    pub(super) fn of(refusal: impl Refusal) -> Self {
        let message = match refusal.hint() {
            Some(hint) => format!("{refusal}: {hint}"),
            None => refusal.to_string(),
        };
        Self::Refused { kind: refusal.kind(), code: refusal.code(), message }
    }

    /// Whether the same step may succeed a little later.
    pub(super) fn is_passing(&self) -> bool {
        matches!(
            self.kind(),
            Kind::Conflict | Kind::Busy | Kind::Unavailable | Kind::Timeout | Kind::Internal
        ) && !matches!(self, Self::Refused { code, .. } if LASTING.contains(code))
    }
}

/// Conflicts that nobody but a person ends.
const LASTING: &[&str] = &[
    "BucketNotEmpty",
    "RepositoryNotEmptyException",
    "DeleteConflict",
    "ConflictException",
    "BucketAlreadyExists",
];

impl Refusal for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::NoStack(_) => Kind::NotFound,
            Self::Busy(..) => Kind::Conflict,
            Self::Invalid(_) | Self::Request(_) => Kind::Invalid,
            Self::Refused { kind, .. } => *kind,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoStack(_) => "ResourceNotFoundException",
            Self::Busy(..) => "ConflictException",
            Self::Invalid(_) | Self::Request(_) => "ValidationException",
            Self::Refused { code, .. } => code,
            Self::Store(error) => store_code(error),
        }
    }
}

/// One line for each finding.
fn lines(found: &[Diagnostic]) -> String {
    found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
