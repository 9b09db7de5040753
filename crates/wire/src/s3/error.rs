//! The room's refusals as S3 says them.

use s3s::{S3Error, S3ErrorCode};
use trainyard_domain::Kind;
use trainyard_services::{artifacts, refusal::Refusal};

use crate::error::rest_status;

/// The room's error as S3's.
pub(super) fn of(refused: artifacts::Error) -> S3Error {
    if refused.kind() == Kind::Internal {
        tracing::error!(error = %refused, "an S3 operation failed inside");
        return S3Error::with_message(
            S3ErrorCode::InternalError,
            "We encountered an internal error. Please try again.",
        );
    }
    named(refused.code(), refused.kind(), refused.to_string())
}

/// An error of that name. S3's own names have their own statuses; all others go by their kind.
pub(super) fn named(code: &str, kind: Kind, message: String) -> S3Error {
    let code = S3ErrorCode::from_bytes(code.as_bytes()).unwrap_or(S3ErrorCode::InternalError);
    let mut error = S3Error::with_message(code, message);
    if error.status_code().is_none() {
        error.set_status_code(rest_status(kind));
    }
    error
}

/// A request that breaks a rule.
pub(super) fn invalid(message: impl Into<String>) -> S3Error {
    S3Error::with_message(S3ErrorCode::InvalidArgument, message.into())
}
