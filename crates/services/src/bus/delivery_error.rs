//! Why an event does not reach a target, in the words that dead letters have for it. Pure.

use std::time::Duration;

use trainyard_domain::Kind;

use crate::refusal::{Refusal, is_passing};

/// Why a delivery did not succeed.
#[derive(Clone, Debug, thiserror::Error)]
pub enum DeliveryError {
    /// It was tried.
    #[error("{message}")]
    Failed {
        /// AWS's word for it.
        code: ErrorCode,
        /// Why.
        message: String,
        /// Whether a later attempt may succeed; at the earliest after this time.
        retry: Option<Duration>,
    },
    /// It was not tried: the target takes nothing for so long. That is no attempt.
    #[error("the target takes no more just now")]
    Enough(Duration),
}

/// What AWS calls it.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html>
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// It cannot be reached.
    ConnectionFailure,
    /// It has answered with an error.
    ErrorFromTarget,
    /// Our own trouble.
    InternalError,
    /// What it was to get cannot be made of the event.
    InvalidParameter,
    /// It may not be called.
    NoPermissions,
    /// It is not there.
    NoResource,
    /// What it was to make is there already.
    ResourceAlreadyExists,
    /// It was changed at the same time.
    ResourceModificationCollision,
    /// The request cannot be made.
    SdkClientError,
    /// It wants fewer.
    Throttling,
    /// It has not answered in time.
    Timeout,
}

impl ErrorCode {
    /// The word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ConnectionFailure => "CONNECTION_FAILURE",
            Self::ErrorFromTarget => "ERROR_FROM_TARGET",
            Self::InternalError => "INTERNAL_ERROR",
            Self::InvalidParameter => "INVALID_PARAMETER",
            Self::NoPermissions => "NO_PERMISSIONS",
            Self::NoResource => "NO_RESOURCE",
            Self::ResourceAlreadyExists => "RESOURCE_ALREADY_EXISTS",
            Self::ResourceModificationCollision => "RESOURCE_MODIFICATION_COLLISION",
            Self::SdkClientError => "SDK_CLIENT_ERROR",
            Self::Throttling => "THROTTLING",
            Self::Timeout => "TIMEOUT",
        }
    }
}

impl DeliveryError {
    /// No later attempt will do better.
    pub fn lasting(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Failed { code, message: message.into(), retry: None }
    }

    /// A later attempt may succeed.
    pub fn passing(code: ErrorCode, message: impl Into<String>) -> Self {
        Self::Failed { code, message: message.into(), retry: Some(Duration::ZERO) }
    }

    /// A room of this house refuses.
    pub fn of(refusal: &dyn Refusal) -> Self {
        let code = match refusal.kind() {
            Kind::Invalid => ErrorCode::InvalidParameter,
            Kind::NotFound => ErrorCode::NoResource,
            Kind::Exists => ErrorCode::ResourceAlreadyExists,
            Kind::Conflict => ErrorCode::ResourceModificationCollision,
            Kind::Forbidden | Kind::Unauthenticated => ErrorCode::NoPermissions,
            Kind::Busy => ErrorCode::Throttling,
            Kind::Timeout => ErrorCode::Timeout,
            Kind::Unavailable | Kind::Internal => ErrorCode::InternalError,
        };
        let retry = is_passing(refusal).then_some(Duration::ZERO);
        Self::Failed { code, message: refusal.to_string(), retry }
    }
}
