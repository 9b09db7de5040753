//! InvokeEndpoint over HTTP: `POST /endpoints/<name>/invocations`, the body as it is, the rest in headers.

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, StatusCode, header, request::Parts};
use percent_encoding::percent_decode_str;
use trainyard_domain::serving::Invocation;
use trainyard_services::endpoints::Invoked;

use super::invoke_endpoint::invoke;
use crate::{
    ApiError, Context, error,
    face::doors::Serving,
    protocol::{self, Dialect},
};

const ATTRIBUTES: &str = "x-amzn-sagemaker-custom-attributes";
const VARIANT: &str = "x-amzn-sagemaker-target-variant";
const INVOKED: HeaderName = HeaderName::from_static("x-amzn-invoked-production-variant");
/// What AWS knows and is not honoured here: refused by name.
const NOT_HERE: &[&str] = &[
    "x-amzn-sagemaker-target-model",
    "x-amzn-sagemaker-target-container-hostname",
    "x-amzn-sagemaker-inference-component",
    "x-amzn-sagemaker-session-id",
    "x-amzn-sagemaker-enable-explanations",
];

pub(super) fn serve(context: Context, parts: Parts, body: Bytes) -> Serving {
    Box::pin(async move {
        match answer(&context, &parts, body).await {
            Ok(invoked) => shown(invoked),
            Err(refused) => refuse(&context, &refused),
        }
    })
}

async fn answer(context: &Context, parts: &Parts, body: Bytes) -> Result<Invoked, ApiError> {
    let text = |name: &str| parts.headers.get(name).and_then(|v| v.to_str().ok()).map(str::to_owned);
    if let Some(name) = NOT_HERE.iter().find(|name| parts.headers.contains_key(**name)) {
        return Err(ApiError::invalid(
            "ValidationError",
            format!("the header `{name}` is not supported here: leave it out"),
        ));
    }
    let path =
        parts.uri.path().strip_prefix("/endpoints/").and_then(|rest| rest.strip_suffix("/invocations"));
    let name = path.filter(|name| !name.contains('/') && parts.method == Method::POST);
    let unknown = || {
        ApiError::invalid(
            "UnknownOperationException",
            "there is no such operation: POST /endpoints/<name>/invocations",
        )
    };
    let name = percent_decode_str(name.ok_or_else(unknown)?).decode_utf8_lossy();
    let invocation = Invocation {
        content_type: text(header::CONTENT_TYPE.as_str()),
        accept: text(header::ACCEPT.as_str()),
        custom_attributes: text(ATTRIBUTES),
        body,
    };
    invoke(context, &name, text(VARIANT).as_deref(), invocation).await
}

fn shown(invoked: Invoked) -> Response {
    let reply = invoked.reply;
    let mut response = Response::new(Body::from(reply.body));
    let headers = [
        (header::CONTENT_TYPE, reply.content_type),
        (HeaderName::from_static(ATTRIBUTES), reply.custom_attributes),
        (INVOKED, Some(invoked.variant)),
    ];
    for (name, value) in headers {
        if let Some(value) = value.and_then(|value| HeaderValue::from_str(&value).ok()) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

/// A model's own error has a status of its own; the others follow from their kind.
fn refuse(context: &Context, refused: &ApiError) -> Response {
    let mut response = protocol::refuse(Dialect::Json("1.1"), refused, &context.request_id).into_response();
    let model = refused.code == "ModelError";
    *response.status_mut() =
        if model { StatusCode::FAILED_DEPENDENCY } else { error::rest_status(refused.kind) };
    response
}
