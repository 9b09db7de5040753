//! From our HTTP to `s3s` and back.

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode};
use s3s::{service::S3ServiceBuilder, validation::NameValidation};
use trainyard_domain::Kind;

use super::{
    OldQuery,
    access::{Guard, Keys},
    face::S3Face,
    host::Buckets,
    open,
};
use crate::{
    ApiError,
    face::{Access, Visit, doors::Serving},
    protocol,
};

/// Answers a request that is signed for S3.
pub(crate) fn serve(visit: Visit, request: Request) -> Serving {
    Box::pin(async move {
        let request_id = visit.request_id.clone();
        let request = match visit.access {
            _ if is_form(&request) => Err(refuse_form(&request_id)),
            Access::Signed => checked(&visit, request).await,
            Access::Open => open::unsigned(&visit, request),
        };
        let mut response = match request {
            Ok(request) => answer(visit, request).await,
            Err(refused) => refused,
        };
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            response.headers_mut().insert("x-amz-request-id", id.clone());
            response.headers_mut().insert("x-amz-id-2", id);
        }
        response
    })
}

/// A browser's form (POST object), which has a signature of its own inside its body.
fn is_form(request: &Request) -> bool {
    let kinds = request.headers().get_all(http::header::CONTENT_TYPE).iter();
    kinds.filter_map(|kind| kind.to_str().ok()).any(|kind| {
        let kind = kind.split(';').next().unwrap_or_default().trim();
        kind.eq_ignore_ascii_case("multipart/form-data") && request.method() == http::Method::POST
    })
}

fn refuse_form(request_id: &str) -> Response {
    let message = "uploads by a browser's form (POST object) are not supported: use a presigned URL";
    let error = ApiError::invalid("NotImplemented", message);
    let mut response = protocol::refuse(protocol::Dialect::S3, &error, request_id);
    *response.status_mut() = StatusCode::NOT_IMPLEMENTED;
    response
}

/// A presigned URL of signature version 2 is looked at before `s3s` sees it.
#[allow(clippy::result_large_err, reason = "the refusal is the response itself")]
async fn checked(visit: &Visit, request: Request) -> Result<Request, Response> {
    let (mut parts, body) = request.into_parts();
    let Some(old) = OldQuery::read(&parts) else { return Ok(Request::from_parts(parts, body)) };
    OldQuery::show_token(&mut parts);
    match visit.services.identity.secret(&old.access_key).await {
        Ok(secret) if !old.is_of(&parts, &secret) => {
            let message = "The request signature we calculated does not match the signature you provided. Check your \
                           key and signing method.";
            let error = ApiError::new(Kind::Unauthenticated, "SignatureDoesNotMatch", message);
            Err(protocol::refuse(protocol::Dialect::S3, &error, &visit.request_id))
        }
        // A key that is not there is told by the guard.
        _ => Ok(Request::from_parts(parts, body)),
    }
}

async fn answer(visit: Visit, request: Request) -> Response {
    let mut builder = S3ServiceBuilder::new(S3Face { services: visit.services.clone() });
    builder.set_auth(Keys { identity: visit.services.identity.clone() });
    builder.set_access(Guard { visit });
    builder.set_host(Buckets);
    builder.set_validation(AnyName);
    let request = request.map(s3s::Body::http_body_unsync);
    match builder.build().call(request).await {
        Ok(response) => {
            let (parts, body) = response.into_parts();
            Response::from_parts(parts, Body::new(body))
        }
        Err(error) => {
            tracing::error!(error = ?error, "an S3 request broke off");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

/// Names of buckets are checked by the guard, in the room's words: `s3s` refuses without a word.
struct AnyName;

impl NameValidation for AnyName {
    fn validate_bucket_name(&self, name: &str) -> bool {
        !name.is_empty()
    }
}
