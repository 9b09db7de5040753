//! The state's parameters as a request. Pure.

use std::time::Duration;

use serde::Deserialize;
use serde_json::{Map, Value};
use trainyard_domain::Arn;

use crate::{
    connections::{Arrays, Draft, Encoding},
    shape,
};

/// A call is given up after this time.
const LIMIT: Duration = Duration::from_secs(60);
const METHODS: [&str; 7] = ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"];

/// Headers that a definition must not have.
const FORBIDDEN: &[&str] = &[
    "a-im",
    "accept-charset",
    "accept-datetime",
    "accept-encoding",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-md5",
    "date",
    "expect",
    "forwarded",
    "from",
    "host",
    "http2-settings",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "max-forwards",
    "origin",
    "pragma",
    "proxy-authorization",
    "referer",
    "server",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "via",
    "warning",
];
const FORBIDDEN_PREFIXES: &[&str] = &["x-forwarded-", "x-amz-", "x-amzn-"];

/// What is asked of whom.
#[derive(Debug, PartialEq)]
pub(super) struct Request {
    pub(super) connection: Arn,
    pub(super) draft: Draft,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Parameters {
    api_endpoint: String,
    method: String,
    authentication: Option<Through>,
    invocation_config: Option<Through>,
    headers: Option<Map<String, Value>>,
    query_parameters: Option<Value>,
    request_body: Option<Value>,
    transform: Option<Transform>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
struct Through {
    connection_arn: String,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
struct Transform {
    request_body_encoding: BodyEncoding,
    request_encoding_options: Options,
}

#[derive(Default, Deserialize, PartialEq)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum BodyEncoding {
    #[default]
    None,
    UrlEncoded,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields, default)]
struct Options {
    array_format: Arrays,
}

/// Reads the parameters, or says what is wrong with them. So many bytes of an answer are asked for: what a state can
/// hand on.
pub(super) fn read(parameters: Value, region: &str, largest: usize) -> Result<Request, String> {
    let asked: Parameters = shape::read(parameters).map_err(|misfit| misfit.to_string())?;
    if !METHODS.contains(&asked.method.as_str()) {
        return Err(format!("the Method `{}` is none of {}", asked.method, METHODS.join(", ")));
    }
    let through = match (asked.authentication, asked.invocation_config) {
        (Some(through), None) | (None, Some(through)) => through.connection_arn,
        _ => return Err("one of Authentication and InvocationConfig must name the connection".to_owned()),
    };
    let transform = asked.transform.unwrap_or_default();
    let encoding = match transform.request_body_encoding {
        BodyEncoding::None => Encoding::Json,
        BodyEncoding::UrlEncoded => Encoding::Form(transform.request_encoding_options.array_format),
    };
    let (url, query) = with_query(asked.api_endpoint, asked.query_parameters)?;
    Ok(Request {
        connection: through.parse().map_err(|_| format!("ConnectionArn `{through}` is not an ARN"))?,
        draft: Draft {
            method: asked.method,
            url,
            fixed: vec![
                ("User-Agent", format!("Amazon|StepFunctions|HttpInvoke|{region}")),
                ("Range", format!("bytes=0-{largest}")),
            ],
            headers: headers(asked.headers.unwrap_or_default())?,
            query,
            body: asked.request_body,
            encoding,
            limit: LIMIT,
            largest,
        },
    })
}

fn headers(asked: Map<String, Value>) -> Result<Vec<(String, String)>, String> {
    let mut headers = Vec::new();
    for (name, value) in asked {
        let lower = name.to_ascii_lowercase();
        let prefixed = FORBIDDEN_PREFIXES.iter().any(|prefix| lower.starts_with(prefix));
        if prefixed || FORBIDDEN.contains(&lower.as_str()) {
            return Err(format!("the header `{name}` cannot be used in an HTTP task"));
        }
        for value in texts(value)
            .ok_or_else(|| format!("the header `{name}` is neither a text nor a list of texts"))?
        {
            headers.push((name.clone(), value));
        }
    }
    Ok(headers)
}

/// The URL, with a query that is given as a text, and the query that is given by names.
fn with_query(url: String, asked: Option<Value>) -> Result<(String, Vec<(String, String)>), String> {
    let members = match asked {
        None | Some(Value::Null) => return Ok((url, Vec::new())),
        Some(Value::String(text)) => {
            let between = if url.contains('?') { '&' } else { '?' };
            return Ok((format!("{url}{between}{text}"), Vec::new()));
        }
        Some(Value::Object(members)) => members,
        Some(_) => return Err("QueryParameters is neither a text nor an object".to_owned()),
    };
    let mut query = Vec::new();
    for (name, value) in members {
        let values = texts(value)
            .ok_or_else(|| format!("the query parameter `{name}` has a member that is an object"))?;
        query.extend(values.into_iter().map(|value| (name.clone(), value)));
    }
    Ok((url, query))
}

/// A scalar's text, or those of a list's.
fn texts(value: Value) -> Option<Vec<String>> {
    match value {
        Value::String(text) => Some(vec![text]),
        Value::Number(_) | Value::Bool(_) => Some(vec![value.to_string()]),
        Value::Null => Some(Vec::new()),
        Value::Array(items) => {
            let items: Option<Vec<_>> = items.into_iter().map(texts).collect();
            items.map(|items| items.concat())
        }
        Value::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const CONNECTION: &str = "arn:aws:events:us-east-1:000000000000:connection/c/1";

    fn with(more: Value) -> Result<Request, String> {
        let mut parameters = json!({
            "ApiEndpoint": "https://example.com/a", "Method": "GET",
            "Authentication": {"ConnectionArn": CONNECTION},
        });
        let members = parameters.as_object_mut().unwrap();
        for (name, value) in more.as_object().unwrap() {
            members.insert(name.clone(), value.clone());
        }
        members.retain(|_, value| *value != json!("nothing"));
        read(parameters, "us-east-1", 262_144)
    }

    #[test]
    fn parameters_become_a_request() {
        let request = with(json!({
            "Headers": {"X-A": "1", "X-B": ["2", 3]},
            "QueryParameters": {"q": "a b", "n": [1, true]},
            "RequestBody": {"a": 1},
            "Transform": {"RequestBodyEncoding": "URL_ENCODED", "RequestEncodingOptions": {"ArrayFormat": "REPEAT"}},
        }))
        .unwrap();
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(request.draft.headers, [pair("X-A", "1"), pair("X-B", "2"), pair("X-B", "3")]);
        assert_eq!(request.draft.query, [pair("q", "a b"), pair("n", "1"), pair("n", "true")]);
        assert_eq!(request.draft.encoding, Encoding::Form(Arrays::Repeat));
        assert_eq!(request.draft.fixed[0].1, "Amazon|StepFunctions|HttpInvoke|us-east-1");
        assert_eq!((request.draft.fixed[1].1.as_str(), request.draft.largest), ("bytes=0-262144", 262_144));
        assert_eq!(request.connection.to_string(), CONNECTION);
        assert_eq!(with(json!({"QueryParameters": "a=1"})).unwrap().draft.url, "https://example.com/a?a=1");
    }

    #[test]
    fn what_cannot_be_asked_is_said() {
        let check = |more: Value, part: &str| {
            let said = with(more.clone()).unwrap_err();
            assert!(said.contains(part), "{more}: {said}");
        };
        for name in
            ["Authorization", "HOST", "x-amz-date", "X-Forwarded-For", "transfer-encoding", "If-Match"]
        {
            check(json!({"Headers": {name: "x"}}), name);
        }
        check(json!({"Method": "CONNECT"}), "CONNECT");
        check(json!({"Method": "get"}), "get");
        check(json!({"Authentication": "nothing"}), "InvocationConfig");
        check(json!({"InvocationConfig": {"ConnectionArn": CONNECTION}}), "InvocationConfig");
        check(json!({"ApiEndpoint": "nothing"}), "ApiEndpoint");
        check(json!({"Nonsense": 1}), "Nonsense");
        check(json!({"Headers": {"a": {"b": 1}}}), "`a`");
        check(json!({"QueryParameters": {"a": {"b": 1}}}), "`a`");
        check(json!({"Transform": {"RequestBodyEncoding": "ROT13"}}), "ROT13");
    }
}
