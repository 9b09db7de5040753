//! What goes wrong, as a client of an AWS API sees it.

use std::borrow::Cow;

use http::StatusCode;
use serde_json::{Map, Value};
use trainyard_domain::Kind;
use trainyard_services::refusal::Refusal;

/// An error of an API call: AWS's code, a message, and the kind that the HTTP status follows from.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ApiError {
    /// AWS's name for it, such as `ExecutionDoesNotExist`.
    pub code: Cow<'static, str>,
    /// For a person.
    pub message: String,
    /// What kind of trouble.
    pub kind: Kind,
    /// Further members that AWS's model gives this error, such as `reason`.
    pub members: Option<Box<Map<String, Value>>>,
}

impl ApiError {
    /// An error of that kind.
    pub fn new(kind: Kind, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self { code: code.into(), message: message.into(), kind, members: None }
    }

    /// A request that breaks a rule.
    pub fn invalid(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Kind::Invalid, code, message)
    }

    /// Our own fault. The message goes to the log; the client hears only that it happened.
    pub fn internal(reason: impl std::fmt::Display) -> Self {
        tracing::error!(%reason, "an operation failed inside");
        Self::new(Kind::Internal, "InternalFailure", "the request failed inside the server; its log says why")
    }

    /// With a further member.
    pub fn with(mut self, member: &str, value: impl Into<Value>) -> Self {
        self.members.get_or_insert_default().insert(member.to_owned(), value.into());
        self
    }
}

/// Every room's error becomes an API error by its own kind and code.
impl<R: Refusal> From<R> for ApiError {
    fn from(refusal: R) -> Self {
        if refusal.kind() == Kind::Internal {
            return Self::internal(refusal);
        }
        let message = match refusal.hint() {
            Some(hint) => format!("{refusal}: {hint}"),
            None => refusal.to_string(),
        };
        Self::new(refusal.kind(), refusal.code(), message)
    }
}

/// The HTTP status of an error in the protocols that put all into the body (JSON, query).
pub fn status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid
        | Kind::NotFound
        | Kind::Exists
        | Kind::Conflict
        | Kind::Forbidden
        | Kind::Busy
        | Kind::Timeout => StatusCode::BAD_REQUEST,
        Kind::Unauthenticated => StatusCode::FORBIDDEN,
        Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

/// The HTTP status of an error where the status itself speaks: REST protocols, and IAM's and STS's answers.
pub fn rest_status(kind: Kind) -> StatusCode {
    match kind {
        Kind::Invalid => StatusCode::BAD_REQUEST,
        Kind::NotFound => StatusCode::NOT_FOUND,
        Kind::Exists | Kind::Conflict => StatusCode::CONFLICT,
        Kind::Forbidden | Kind::Unauthenticated => StatusCode::FORBIDDEN,
        Kind::Busy | Kind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Kind::Timeout => StatusCode::GATEWAY_TIMEOUT,
        Kind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}
