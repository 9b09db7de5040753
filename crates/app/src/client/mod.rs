//! The commands' own client of the server: signed requests over plain HTTP.

mod outlast;
mod sign;

use std::{env, fmt, time::SystemTime};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, Uri, header};
use http_body_util::{BodyExt, Full, combinators::UnsyncBoxBody};
use hyper::body::Incoming;
use hyper_util::{
    client::legacy::{Client as Pool, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::Value;
use trainyard_domain::Timestamp;

pub(crate) use outlast::outlast;

use crate::failure::{Exit, Failure};

/// A body on its way out.
pub(crate) type Outgoing = UnsyncBoxBody<Bytes, std::io::Error>;

/// Where the server is if nobody says otherwise.
const DEFAULT_ENDPOINT: &str = "http://127.0.0.1:4566";
const DEFAULT_REGION: &str = "us-east-1";

/// What requests are signed with.
#[derive(Clone)]
pub(crate) struct Credentials {
    /// The access key's id.
    pub key: String,
    /// The secret.
    pub secret: String,
    /// The session's token, if it is one.
    pub token: Option<String>,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials").field("key", &self.key).finish_non_exhaustive()
    }
}

/// The client. Cheap to clone; connections are kept and used again.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    authority: String,
    region: String,
    credentials: Credentials,
    pool: Pool<HttpConnector, Outgoing>,
}

/// An answer, whole.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    /// Its status.
    pub status: StatusCode,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Bytes,
}

/// Why a call gave no answer that could be used.
#[derive(Clone, Debug, thiserror::Error)]
pub(crate) enum ClientError {
    /// The server is not there, or went away.
    #[error("the server at http://{authority} cannot be reached: {reason}")]
    Unreachable {
        /// Its address.
        authority: String,
        /// Why.
        reason: String,
    },
    /// The server refuses.
    #[error("{code}: {message}")]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// AWS's error code.
        code: String,
        /// For a person.
        message: String,
    },
}

impl ClientError {
    /// AWS's code, if the server answered with one.
    pub(crate) fn code(&self) -> Option<&str> {
        match self {
            Self::Refused { code, .. } => Some(code),
            Self::Unreachable { .. } => None,
        }
    }
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        match error {
            ClientError::Unreachable { .. } => Self::new(Exit::Unreachable, error.to_string())
                .hint("trainyard serve    # in another terminal"),
            ClientError::Refused { .. } => Self::failed(error.to_string()),
        }
    }
}

impl Client {
    /// By `AWS_ENDPOINT_URL`, `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`, `AWS_SESSION_TOKEN` and
    /// `AWS_REGION`, as AWS's own clients read them.
    pub(crate) fn from_env() -> Result<Self, Failure> {
        let (key, secret) = (variable("AWS_ACCESS_KEY_ID"), variable("AWS_SECRET_ACCESS_KEY"));
        let (Some(key), Some(secret)) = (key, secret) else {
            return Err(Failure::usage("AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not set")
                .hint("eval \"$(trainyard env)\""));
        };
        let credentials = Credentials { key, secret, token: variable("AWS_SESSION_TOKEN") };
        let endpoint = variable("AWS_ENDPOINT_URL").unwrap_or_else(|| DEFAULT_ENDPOINT.to_owned());
        let region = variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION"));
        Self::new(&endpoint, region.as_deref().unwrap_or(DEFAULT_REGION), credentials)
    }

    /// For the server at `endpoint`, such as `http://127.0.0.1:4566`.
    pub(crate) fn new(endpoint: &str, region: &str, credentials: Credentials) -> Result<Self, Failure> {
        let bad = || Failure::usage(format!("`{endpoint}` is not a URL such as {DEFAULT_ENDPOINT}"));
        let authority = match endpoint.split_once("://") {
            Some(("http", rest)) => rest.trim_end_matches('/').to_owned(),
            Some(("https", _)) => {
                return Err(Failure::usage(format!("{endpoint}: this command speaks plain http only"))
                    .hint("export AWS_ENDPOINT_URL=http://HOST:PORT    # the server's own address"));
            }
            _ => return Err(bad()),
        };
        authority.parse::<http::uri::Authority>().map_err(|_| bad())?;
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        let pool = Pool::builder(TokioExecutor::new()).build(connector);
        Ok(Self { authority, region: region.to_owned(), credentials, pool })
    }

    /// The same for another region.
    pub(crate) fn in_region(mut self, region: &str) -> Self {
        region.clone_into(&mut self.region);
        self
    }

    /// The server's address: `127.0.0.1:4566`.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Calls an operation of an AWS API that speaks JSON. `service` is the name that requests are signed for, such as
    /// `states`; `target` is the whole `X-Amz-Target`, such as `AWSStepFunctions.StartExecution`.
    pub(crate) async fn call(
        &self,
        service: &str,
        target: &str,
        input: &Value,
    ) -> Result<Value, ClientError> {
        let mut headers = HeaderMap::new();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/x-amz-json-1.1"));
        if let Ok(target) = HeaderValue::from_str(target) {
            headers.insert("x-amz-target", target);
        }
        let body = Bytes::from(input.to_string());
        let answer = self.signed(service, (Method::POST, "/"), headers, body).await?;
        if answer.body.is_empty() {
            return Ok(Value::Null);
        }
        serde_json::from_slice(&answer.body).map_err(|e| self.unreachable(format!("it answers oddly: {e}")))
    }

    /// Sends a signed request. The target is path and query, encoded. An answer that is no success is an error.
    pub(crate) async fn signed(
        &self,
        service: &str,
        request: (Method, &str),
        headers: HeaderMap,
        body: Bytes,
    ) -> Result<Answer, ClientError> {
        self.collect(self.opened(service, request, headers, body).await?).await
    }

    /// The same, with an answer that is read as it comes.
    pub(crate) async fn opened(
        &self,
        service: &str,
        (method, target): (Method, &str),
        mut headers: HeaderMap,
        body: Bytes,
    ) -> Result<http::Response<Incoming>, ClientError> {
        let signer = sign::Signer { credentials: &self.credentials, region: &self.region, service };
        let line = sign::Line { method: &method, host: &self.authority, target };
        signer.sign(&mut headers, line, &body, machine_time());
        let body = Full::new(body).map_err(|never| match never {}).boxed_unsync();
        let response = self.send((method, target), headers, body).await?;
        if response.status().is_success() {
            return Ok(response);
        }
        Err(refusal(&self.collect(response).await?))
    }

    /// Sends a request as it is, unsigned. Any answer is one.
    pub(crate) async fn send(
        &self,
        (method, target): (Method, &str),
        headers: HeaderMap,
        body: Outgoing,
    ) -> Result<http::Response<Incoming>, ClientError> {
        let uri = Uri::builder().scheme("http").authority(self.authority.as_str()).path_and_query(target);
        let uri =
            uri.build().map_err(|e| self.unreachable(format!("`{target}` cannot be asked for: {e}")))?;
        let mut request = Request::new(body);
        *request.uri_mut() = uri;
        *request.method_mut() = method;
        *request.headers_mut() = headers;
        self.pool.request(request).await.map_err(|e| self.unreachable(root_cause(&e)))
    }

    /// Reads an answer to its end.
    pub(crate) async fn collect(&self, response: http::Response<Incoming>) -> Result<Answer, ClientError> {
        let (parts, body) = response.into_parts();
        let body = body.collect().await.map_err(|e| self.unreachable(root_cause(&e)))?.to_bytes();
        Ok(Answer { status: parts.status, headers: parts.headers, body })
    }

    fn unreachable(&self, reason: String) -> ClientError {
        ClientError::Unreachable { authority: self.authority.clone(), reason }
    }
}

/// What an answer that is no success says: JSON's `__type` and `message`, or XML's `Code` and `Message`.
fn refusal(answer: &Answer) -> ClientError {
    let text = String::from_utf8_lossy(&answer.body);
    let json: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let member = |names: [&str; 2]| names.iter().find_map(|name| Some(json.get(*name)?.as_str()?.to_owned()));
    let tag = |name: &str| {
        let after = text.split_once(&format!("<{name}>"))?.1;
        Some(after.split_once('<')?.0.to_owned())
    };
    let code =
        member(["__type", "code"]).or_else(|| tag("Code")).unwrap_or_else(|| answer.status.to_string());
    let code = code.rsplit('#').next().unwrap_or_default().to_owned();
    let message = member(["message", "Message"]).or_else(|| tag("Message"));
    let message = message.unwrap_or_else(|| text.trim().chars().take(500).collect());
    ClientError::Refused { status: answer.status, code, message }
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

fn variable(name: &str) -> Option<String> {
    env::var(name).ok().filter(|value| !value.is_empty())
}

fn machine_time() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn credentials() -> Credentials {
        Credentials { key: "k".to_owned(), secret: "s".to_owned(), token: None }
    }

    #[test]
    fn endpoints() {
        let check = |endpoint: &str, expect: Option<&str>| {
            let client = Client::new(endpoint, "us-east-1", credentials());
            assert_eq!(client.ok().map(|client| client.authority), expect.map(str::to_owned), "{endpoint}");
        };
        check("http://127.0.0.1:4566/", Some("127.0.0.1:4566"));
        check("http://train.localhost", Some("train.localhost"));
        check("https://127.0.0.1:4566", None);
        check("127.0.0.1:4566", None);
        check("http://a b", None);
    }

    #[test]
    fn refusals_of_every_protocol() {
        let check = |body: &'static str, code: &str, message: &str| {
            let body = Bytes::from_static(body.as_bytes());
            let answer = Answer { status: StatusCode::BAD_REQUEST, headers: HeaderMap::new(), body };
            assert_eq!(refusal(&answer).to_string(), format!("{code}: {message}"));
        };
        check(r#"{"__type":"a.b#NotThere","message":"no"}"#, "NotThere", "no");
        check("<Error><Code>NoSuchKey</Code><Message>no</Message></Error>", "NoSuchKey", "no");
        check("plain", "400 Bad Request", "plain");
    }
}
