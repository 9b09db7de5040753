//! AWS query: a form in, XML out.
//! <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>

use axum::response::Response;
use http::{StatusCode, request::Parts};
use serde_json::Value;
use trainyard_domain::Kind;

use super::{Older, form, response, xml};
use crate::{
    ApiError, Context, error, operation,
    times::{self, Form},
};

/// Operations that have an answer in AWS's model, though nothing is in it: SDKs look for its element.
const EMPTY_RESULTS: &[&str] = &["UpdateRole"];

pub(super) async fn answer(
    context: &Context,
    parts: &Parts,
    body: &[u8],
    namespace: &str,
    older: Option<&Older>,
) -> Response {
    let request_id = &context.request_id;
    match call(context, parts, body, older).await {
        Ok((action, mut value)) => {
            times::write(&mut value, context.service.times, Form::Iso);
            let answer = xml::element_in(&format!("{action}Response"), namespace, &|text| {
                let result = xml::element(&format!("{action}Result"), &|text| match older {
                    None => xml::members(text, &value),
                    Some(older) => older.write(text, &value, &action),
                });
                let is_empty = value.as_object().is_none_or(serde_json::Map::is_empty);
                if !is_empty || EMPTY_RESULTS.contains(&action.as_str()) {
                    text.push_str(&result);
                }
                text.push_str(&xml::element("ResponseMetadata", &|text| {
                    xml::text_element(text, "RequestId", request_id);
                }));
            });
            response(StatusCode::OK, "text/xml", format!("{}{answer}", xml::HEAD))
        }
        Err(error) => match older {
            None => refuse(&error, namespace, request_id),
            Some(older) => {
                let code = older.code(&error.code).to_owned();
                let mut response =
                    refuse(&ApiError { code: code.into(), ..error.clone() }, namespace, request_id);
                // A service that speaks JSON now answers with the same status in both.
                *response.status_mut() = error::status(error.kind);
                response
            }
        },
    }
}

async fn call(
    context: &Context,
    parts: &Parts,
    body: &[u8],
    older: Option<&Older>,
) -> Result<(String, Value), ApiError> {
    let text = if body.is_empty() {
        parts.uri.query().unwrap_or_default()
    } else {
        std::str::from_utf8(body)
            .map_err(|_| ApiError::invalid("MalformedQueryString", "the form is not UTF-8"))?
    };
    let mut input = form::read(text).map_err(|message| ApiError::invalid("MalformedQueryString", message))?;
    let members =
        input.as_object_mut().ok_or_else(|| ApiError::invalid("MissingAction", "the form is empty"))?;
    // What belongs to the protocol and to a presigned URL is no member of the operation.
    members.retain(|name, _| name != "Version" && !name.starts_with("X-Amz-"));
    let action = match members.remove("Action") {
        Some(Value::String(action)) => action,
        _ => return Err(ApiError::invalid("MissingAction", "the form has no Action")),
    };
    let operation = context.service.operation(&action).ok_or_else(|| {
        ApiError::invalid("InvalidAction", format!("`{action}` is not an operation of this server"))
    })?;
    if let Some(older) = older {
        input = older.read(input, parts.uri.path());
    }
    let answer = operation::call(context, operation, input).await?;
    Ok((action, answer))
}

pub(super) fn refuse(refusal: &ApiError, namespace: &str, request_id: &str) -> Response {
    let side = if refusal.kind == Kind::Internal { "Receiver" } else { "Sender" };
    let body = xml::element_in("ErrorResponse", namespace, &|text| {
        text.push_str(&xml::element("Error", &|text| {
            xml::text_element(text, "Type", side);
            xml::text_element(text, "Code", &refusal.code);
            xml::text_element(text, "Message", &refusal.message);
        }));
        xml::text_element(text, "RequestId", request_id);
    });
    response(error::rest_status(refusal.kind), "text/xml", format!("{}{body}", xml::HEAD))
}
