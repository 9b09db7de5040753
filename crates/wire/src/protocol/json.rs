//! AWS JSON 1.0 and 1.1.
//! <https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>

use axum::response::Response;
use http::{HeaderValue, StatusCode, request::Parts};
use serde_json::{Map, Value};

use super::{Older, response};
use crate::{
    ApiError, Context, error, operation,
    times::{self, Form},
};

pub(super) async fn answer(
    context: &Context,
    parts: &Parts,
    body: &[u8],
    version: &'static str,
    target: &str,
) -> Response {
    match call(context, parts, body, target).await {
        Ok(mut value) => {
            times::write(&mut value, context.service.times, Form::EpochSeconds);
            response(StatusCode::OK, content_type(version), value.to_string())
        }
        Err(error) => refuse(&error, version),
    }
}

async fn call(context: &Context, parts: &Parts, body: &[u8], target: &str) -> Result<Value, ApiError> {
    let stated = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let name = stated.strip_prefix(target).and_then(|rest| rest.strip_prefix('.'));
    let operation = name.and_then(|name| context.service.operation(name)).ok_or_else(|| {
        ApiError::invalid(
            "UnknownOperationException",
            format!("`{stated}` is not an operation of this server"),
        )
    })?;
    let input = if body.iter().all(u8::is_ascii_whitespace) {
        Value::Object(Map::new())
    } else {
        // A list would be taken for the members in their order.
        serde_json::from_slice(body).map(Value::Object).map_err(|error| {
            let message = format!("the request's body is not a JSON object: {error}");
            ApiError::invalid("SerializationException", message)
        })?
    };
    operation::call(context, operation, input).await
}

pub(super) fn refuse(refusal: &ApiError, version: &'static str) -> Response {
    let mut members = Map::new();
    members.insert("__type".to_owned(), refusal.code.as_ref().into());
    members.insert("message".to_owned(), refusal.message.as_str().into());
    members.extend(
        refusal.members.iter().flat_map(|members| members.iter().map(|(k, v)| (k.clone(), v.clone()))),
    );
    let status = error::status(refusal.kind);
    let mut response = response(status, content_type(version), Value::Object(members).to_string());
    if let Ok(code) = HeaderValue::from_str(&refusal.code) {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
}

/// Clients that knew the query protocol's codes are told those too.
/// <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html#awsquerycompatible-trait>
pub(super) fn with_older_code(mut response: Response, older: &Older) -> Response {
    let side = if response.status().is_server_error() { "Receiver" } else { "Sender" };
    let name = response.headers().get("x-amzn-errortype").and_then(|name| name.to_str().ok());
    let both = name.map(|name| format!("{};{side}", older.code(name)));
    if let Some(Ok(both)) = both.map(|both| HeaderValue::from_str(&both)) {
        response.headers_mut().insert("x-amzn-query-error", both);
    }
    response
}

fn content_type(version: &str) -> &'static str {
    if version == "1.0" { "application/x-amz-json-1.0" } else { "application/x-amz-json-1.1" }
}
