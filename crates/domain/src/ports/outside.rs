//! Who calls other people's HTTP APIs.

use async_trait::async_trait;

use crate::outcall::{Answer, Outcall};

/// Makes calls to the outside. Redirections are answers and are never followed.
///
/// Whatever a URL says, nothing is reached that the operator has not opened to users: addresses of this machine and
/// its networks are refused, under every spelling and every name, and the address that was judged is the one that is
/// connected to.
#[async_trait]
pub trait Outside: Send + Sync {
    /// Makes the call once.
    async fn call(&self, call: &Outcall) -> Result<Answer, OutsideError>;
}

/// Why a call has no answer. The reasons hold nothing of headers, query or body.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OutsideError {
    /// It cannot be made: a URL or a header that is none.
    #[error("{0}")]
    Invalid(String),
    /// It must not be made.
    #[error("{0}")]
    Refused(String),
    /// Nobody was reached, or the connection broke off.
    #[error("{0}")]
    Unreachable(String),
    /// It took too long.
    #[error("there was no answer within {0} seconds")]
    TimedOut(u64),
    /// The answer's body is larger than it may be.
    #[error("the answer has more than {limit} bytes")]
    TooLarge {
        /// What it may have.
        limit: usize,
        /// Its HTTP status.
        status: u16,
    },
}
