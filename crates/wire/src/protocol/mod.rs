//! AWS's protocols: how operations and errors look on the wire.

mod form;
mod json;
mod older;
mod query;
mod rest_json;
mod xml;

use axum::response::Response;
use bytes::Bytes;
use http::{StatusCode, request::Parts};

pub use self::older::{FlatMap, Older};
use crate::{ApiError, Context, Protocol, error};

/// What errors must look like, as far as it can be told from the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// JSON, with its version.
    Json(&'static str),
    /// XML of the query protocol.
    Query,
    /// S3's XML.
    S3,
}

impl Dialect {
    /// An authentication error's code: the JSON services have names of their own.
    pub(crate) fn code(self, code: &'static str) -> &'static str {
        match (self, code) {
            (Self::Json(_), "InvalidClientTokenId") => "UnrecognizedClientException",
            (Self::Json(_), "ExpiredToken") => "ExpiredTokenException",
            (Self::Json(_), "SignatureDoesNotMatch") => "InvalidSignatureException",
            (Self::Json(_), "IncompleteSignature") => "IncompleteSignatureException",
            (Self::S3, "InvalidClientTokenId") => "InvalidAccessKeyId",
            (_, code) => code,
        }
    }
}

/// The request's dialect.
pub(crate) fn dialect(parts: &Parts) -> Dialect {
    let text = |name: &str| parts.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let kind = text("content-type");
    let target = parts.headers.contains_key("x-amz-target") || parts.uri.path().starts_with("/endpoints/");
    if target || rest_json::is_signed_for(parts) {
        return Dialect::Json(if kind.contains("json-1.0") { "1.0" } else { "1.1" });
    }
    let in_query =
        || parts.uri.query().is_some_and(|query| query.split('&').any(|p| p.starts_with("Action=")));
    if kind.starts_with("application/x-www-form-urlencoded") || in_query() {
        return Dialect::Query;
    }
    Dialect::S3
}

/// Reads the input, calls the operation and writes the answer.
pub(crate) async fn answer(context: &Context, parts: &Parts, body: Bytes) -> Response {
    match context.service.protocol {
        Protocol::Json { version, target, .. } => json::answer(context, parts, &body, version, target).await,
        Protocol::Query { namespace, .. } => query::answer(context, parts, &body, namespace, None).await,
        Protocol::JsonOrQuery { namespace, older, .. } if dialect(parts) == Dialect::Query => {
            query::answer(context, parts, &body, namespace, Some(older)).await
        }
        Protocol::JsonOrQuery { version, target, older, .. } => {
            let response = json::answer(context, parts, &body, version, target).await;
            json::with_older_code(response, older)
        }
        Protocol::RestJson { routes } => rest_json::answer(context, parts, &body, routes).await,
        Protocol::Rest { serve, .. } => serve(context.clone(), parts.clone(), body).await,
        // S3 is served before its body is read.
        Protocol::S3 { .. } => refuse(Dialect::S3, &ApiError::internal("S3 was called as an operation"), ""),
    }
}

/// The answer that says the error.
pub(crate) fn refuse(dialect: Dialect, refusal: &ApiError, request_id: &str) -> Response {
    match dialect {
        Dialect::Json(version) => json::refuse(refusal, version),
        Dialect::Query => query::refuse(refusal, "", request_id),
        Dialect::S3 => {
            let body = xml::element("Error", &|text| {
                xml::text_element(text, "Code", &refusal.code);
                xml::text_element(text, "Message", &refusal.message);
                xml::text_element(text, "RequestId", request_id);
            });
            response(error::rest_status(refusal.kind), "application/xml", format!("{}{body}", xml::HEAD))
        }
    }
}

fn response(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let content_type = http::HeaderValue::from_static(content_type);
    response.headers_mut().insert(http::header::CONTENT_TYPE, content_type);
    response
}
