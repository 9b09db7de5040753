//! AWS REST JSON: the operation is in method and path, members are in path, query and body.
//! <https://smithy.io/2.0/aws/protocols/aws-restjson1-protocol.html>

use axum::response::Response;
use http::{HeaderValue, StatusCode, header, request::Parts};
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value};
use trainyard_domain::Kind;

use super::response;
use crate::{
    ApiError, Context, Protocol, error,
    operation::{self, Route},
    services_table,
    times::{self, Form},
};

/// Whether the request says to be signed for a service that speaks JSON at paths: it has no other mark.
pub(super) fn is_signed_for(parts: &Parts) -> bool {
    let stated = parts.headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    // `AWS4-HMAC-SHA256 Credential=<key>/<date>/<region>/<service>/aws4_request, …`
    let service = stated
        .and_then(|stated| stated.split_once("Credential=")?.1.split(',').next()?.split('/').nth(3))
        .unwrap_or_default();
    services_table::by_signing_scope(service)
        .any(|service| matches!(service.protocol, Protocol::RestJson { .. } | Protocol::Rest { .. }))
}

pub(super) async fn answer(context: &Context, parts: &Parts, body: &[u8], routes: &[Route]) -> Response {
    match call(context, parts, body, routes).await {
        Ok(mut value) => {
            times::write(&mut value, context.service.times, Form::EpochSeconds);
            response(StatusCode::OK, "application/json", value.to_string())
        }
        Err(error) => refuse(&error),
    }
}

async fn call(context: &Context, parts: &Parts, body: &[u8], routes: &[Route]) -> Result<Value, ApiError> {
    let (method, path) = (parts.method.as_str(), parts.uri.path());
    let unknown = || {
        let message = format!("`{method} {path}` is not an operation of this server");
        ApiError::new(Kind::NotFound, "UnknownOperationException", message)
    };
    let fits = |route: &&Route| route.method == method && labels(route.path, path).is_some();
    let route = routes.iter().find(fits).ok_or_else(unknown)?;
    let operation = context.service.operation(route.operation).ok_or_else(unknown)?;
    let mut members = match body.iter().all(u8::is_ascii_whitespace) {
        true => Map::new(),
        false => serde_json::from_slice(body).map_err(|error| {
            let message = format!("the request's body is not a JSON object: {error}");
            ApiError::invalid("SerializationException", message)
        })?,
    };
    members.extend(labels(route.path, path).unwrap_or_default());
    members.extend(queried(route, parts.uri.query().unwrap_or_default()));
    operation::call(context, operation, Value::Object(members)).await
}

/// The members that a path has, if it is of that form.
fn labels(form: &str, path: &str) -> Option<Vec<(String, Value)>> {
    let (forms, pieces): (Vec<_>, Vec<_>) = (form.split('/').collect(), path.split('/').collect());
    if forms.len() != pieces.len() {
        return None;
    }
    let mut members = Vec::new();
    for (form, piece) in forms.into_iter().zip(pieces) {
        match form.strip_prefix('{').and_then(|form| form.strip_suffix('}')) {
            Some(name) if !piece.is_empty() => members.push((name.to_owned(), decoded(piece).into())),
            None if form == piece => {}
            _ => return None,
        }
    }
    Some(members)
}

/// The members that a query has. What the route does not name belongs to the protocol, or to nobody.
fn queried(route: &Route, query: &str) -> Map<String, Value> {
    let mut members = Map::new();
    for pair in query.split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let (name, value) = (decoded(name), Value::from(decoded(value)));
        let Some((_, member, several)) = route.query.iter().find(|(known, ..)| *known == name) else {
            continue;
        };
        if *several {
            let list = members.entry(*member).or_insert_with(|| Value::Array(Vec::new()));
            list.as_array_mut().into_iter().for_each(|list| list.push(value.clone()));
        } else {
            members.insert((*member).to_owned(), value);
        }
    }
    members
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

fn refuse(refusal: &ApiError) -> Response {
    let mut members = Map::new();
    members.insert("Message".to_owned(), refusal.message.as_str().into());
    members.extend(
        refusal.members.iter().flat_map(|members| members.iter().map(|(k, v)| (k.clone(), v.clone()))),
    );
    let status = error::rest_status(refusal.kind);
    let mut response = response(status, "application/json", Value::Object(members).to_string());
    if let Ok(code) = HeaderValue::from_str(&refusal.code) {
        response.headers_mut().insert("x-amzn-errortype", code);
    }
    response
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn paths_have_members() {
        let check = |form: &str, path: &str, expect: Option<Value>| {
            let found = labels(form, path).map(|members| Value::Object(members.into_iter().collect()));
            assert_eq!(found, expect, "{path}");
        };
        check("/schedules/{Name}", "/schedules/a%20b", Some(json!({"Name": "a b"})));
        check("/tags/{ResourceArn}", "/tags/arn%3Aa%2Fb", Some(json!({"ResourceArn": "arn:a/b"})));
        check("/schedules", "/schedules", Some(json!({})));
        for other in ["/schedules", "/schedules/", "/schedules/a/b", "/groups/a", "/"] {
            check("/schedules/{Name}", other, None);
        }
    }

    #[test]
    fn queries_have_members() {
        let query =
            &[("NextToken", "NextToken", false), ("TagKeys", "TagKeys", true), ("g", "GroupName", false)];
        let route = Route { method: "GET", path: "/", operation: "List", query };
        let members = queried(&route, "TagKeys=a&TagKeys=b%26c&g=x%20y&other=1&NextToken=");
        let expect = json!({"TagKeys": ["a", "b&c"], "GroupName": "x y", "NextToken": ""});
        assert_eq!(Value::Object(members), expect);
    }

    #[test]
    fn the_signature_names_the_service() {
        let check = |authorization: &str, expect: bool| {
            let request = http::Request::builder().header("authorization", authorization);
            assert_eq!(is_signed_for(&request.body(()).unwrap().into_parts().0), expect, "{authorization}");
        };
        let of = |service: &str| {
            format!(
                "AWS4-HMAC-SHA256 Credential=k/20261128/us-east-1/{service}/aws4_request, SignedHeaders=host, Signature=0"
            )
        };
        check(&of("scheduler"), true);
        check(&of("s3"), false);
        check("Basic abc", false);
        check("", false);
    }
}
