//! Errors in the distribution API's form.
//! <https://github.com/opencontainers/distribution-spec/blob/main/spec.md#error-codes>

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde_json::json;
use trainyard_domain::Kind;
use trainyard_services::{images::Error, refusal::Refusal};

/// An error as an OCI client sees it.
#[derive(Debug)]
pub(super) struct OciError {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl OciError {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    pub(super) fn no_such_path() -> Self {
        Self::new(StatusCode::NOT_FOUND, "UNSUPPORTED", "the registry has no such endpoint")
    }

    pub(super) fn no_such_method() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "UNSUPPORTED", "the endpoint does not take this method")
    }

    pub(super) fn unauthorized(message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "UNAUTHORIZED", message)
    }

    pub(super) fn bad_upload(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BLOB_UPLOAD_INVALID", message)
    }
}

impl From<Error> for OciError {
    fn from(error: Error) -> Self {
        let (status, code) = match &error {
            Error::NoRepository { .. } => (StatusCode::NOT_FOUND, "NAME_UNKNOWN"),
            Error::BadName(_) => (StatusCode::BAD_REQUEST, "NAME_INVALID"),
            Error::BadTag(_) => (StatusCode::BAD_REQUEST, "TAG_INVALID"),
            Error::TagImmutable { .. } => (StatusCode::BAD_REQUEST, "TAG_INVALID"),
            Error::BadDigest(_) | Error::OtherBytes { .. } => (StatusCode::BAD_REQUEST, "DIGEST_INVALID"),
            Error::NoBlob { .. } => (StatusCode::NOT_FOUND, "BLOB_UNKNOWN"),
            Error::BadRange { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, "BLOB_UNKNOWN"),
            Error::NoUpload { .. } => (StatusCode::NOT_FOUND, "BLOB_UPLOAD_UNKNOWN"),
            Error::OutOfOrder { .. } => (StatusCode::RANGE_NOT_SATISFIABLE, "BLOB_UPLOAD_INVALID"),
            Error::BrokenBody(_) => (StatusCode::BAD_REQUEST, "BLOB_UPLOAD_INVALID"),
            Error::TooLarge { .. } => (StatusCode::PAYLOAD_TOO_LARGE, "SIZE_INVALID"),
            Error::NoImage { .. } | Error::Foreign(_) => (StatusCode::NOT_FOUND, "MANIFEST_UNKNOWN"),
            Error::BadManifest(_) | Error::NotRunnable { .. } => {
                (StatusCode::BAD_REQUEST, "MANIFEST_INVALID")
            }
            Error::Dangling(_) => (StatusCode::BAD_REQUEST, "MANIFEST_BLOB_UNKNOWN"),
            Error::InUse { .. } => (StatusCode::METHOD_NOT_ALLOWED, "DENIED"),
            Error::RepositoryExists { .. } | Error::RepositoryNotEmpty { .. } => {
                (StatusCode::CONFLICT, "DENIED")
            }
            Error::Blobs(_) | Error::Store(_) => return Self::trouble(&error),
        };
        Self::new(status, code, error.to_string())
    }
}

impl OciError {
    /// Trouble that is not the client's. What it was goes to the log.
    pub(super) fn trouble(error: &dyn Refusal) -> Self {
        tracing::warn!(%error, "the registry could not do it");
        let status = match error.kind() {
            Kind::Unavailable | Kind::Busy | Kind::Conflict => StatusCode::SERVICE_UNAVAILABLE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        Self::new(status, "UNAVAILABLE", "the registry could not do it; the server's log says why")
    }
}

impl IntoResponse for OciError {
    fn into_response(self) -> Response {
        let body = json!({"errors": [{"code": self.code, "message": self.message}]}).to_string();
        let mut response = Response::new(Body::from(body));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        if self.status == StatusCode::UNAUTHORIZED {
            let realm = HeaderValue::from_static("Basic realm=\"trainyard\"");
            headers.insert(header::WWW_AUTHENTICATE, realm);
        }
        response
    }
}
