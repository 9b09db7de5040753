//! What this room refuses.

use trainyard_domain::Kind;

use super::{Approval, Status};
use crate::refusal::{Refusal, store_code};

/// Why something is refused.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// There is no such question.
    #[error("there is no approval {0}")]
    NoApproval(String),
    /// It was answered, or nobody waits any more.
    #[error("{}", said(.0))]
    NotPending(Box<Approval>),
    /// The store's trouble.
    #[error(transparent)]
    Store(#[from] trainyard_store::Error),
}

fn said(approval: &Approval) -> String {
    let id = &approval.id;
    match (&approval.answer, approval.status) {
        (Some(answer), status) if status != Status::Expired => {
            format!("approval {id} was answered at {} by {}: {}", answer.at, answer.by, status.as_str())
        }
        _ => format!("approval {id} has expired: nobody waits for an answer any more"),
    }
}

impl Refusal for Error {
    fn kind(&self) -> Kind {
        match self {
            Self::NoApproval(_) => Kind::NotFound,
            Self::NotPending(_) => Kind::Conflict,
            Self::Store(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NoApproval(_) => "ResourceNotFoundException",
            Self::NotPending(_) => "ConflictException",
            Self::Store(error) => store_code(error),
        }
    }

    fn hint(&self) -> Option<String> {
        match self {
            Self::NoApproval(_) => Some("`trainyard approve` without an id lists those that wait".to_owned()),
            Self::NotPending(_) | Self::Store(_) => None,
        }
    }
}
