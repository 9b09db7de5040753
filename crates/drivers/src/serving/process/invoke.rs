//! Handing requests to models over connections that are kept.

use std::{net::SocketAddr, time::Duration};

use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    Request,
    body::{Bytes, Incoming},
    header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderValue},
};
use hyper_util::{
    client::legacy::{Client, connect::HttpConnector},
    rt::TokioExecutor,
};
use trainyard_domain::{
    Kind,
    ports::DriverError,
    serving::{Invocation, Reply},
};

/// A model must answer within this time.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html>
const LIMIT: Duration = Duration::from_secs(60);
/// An answer may have so many bytes (AWS's limit for a payload).
const LARGEST: usize = 25 << 20;
const ATTRIBUTES: &str = "x-amzn-sagemaker-custom-attributes";

/// The connections to all models.
#[derive(Clone)]
pub(super) struct Models(Client<HttpConnector, Full<Bytes>>);

impl Models {
    pub(super) fn new() -> Self {
        let mut connector = HttpConnector::new();
        connector.set_nodelay(true);
        Self(Client::builder(TokioExecutor::new()).build(connector))
    }

    /// One request and its answer.
    pub(super) async fn invoke(
        &self,
        address: SocketAddr,
        invocation: Invocation,
    ) -> Result<Reply, DriverError> {
        let request = request(address, invocation)?;
        let late = |_| {
            DriverError::new(
                Kind::Timeout,
                format!("the model did not answer within {} seconds", LIMIT.as_secs()),
            )
        };
        tokio::time::timeout(LIMIT, self.exchange(request)).await.map_err(late)?
    }

    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Reply, DriverError> {
        let gone = |e: &dyn std::fmt::Display| {
            DriverError::new(Kind::Unavailable, format!("the model cannot be reached: {e}"))
        };
        let answer = self.0.request(request).await.map_err(|e| gone(&e))?;
        let (parts, body) = answer.into_parts();
        Ok(Reply {
            status: parts.status.as_u16(),
            content_type: text(&parts.headers, CONTENT_TYPE.as_str()),
            custom_attributes: text(&parts.headers, ATTRIBUTES),
            body: read(body).await?,
        })
    }
}

async fn read(body: Incoming) -> Result<Bytes, DriverError> {
    let read = Limited::new(body, LARGEST).collect().await;
    let broken = |e| DriverError::new(Kind::Unavailable, format!("the model's answer broke off: {e}"));
    read.map(|collected| collected.to_bytes()).map_err(broken)
}

fn request(address: SocketAddr, invocation: Invocation) -> Result<Request<Full<Bytes>>, DriverError> {
    // Said for an empty body too: simple servers ask for it.
    let length = invocation.body.len();
    let mut request = Request::post(format!("http://{address}/invocations")).header(CONTENT_LENGTH, length);
    let headers = [
        (CONTENT_TYPE.as_str(), invocation.content_type),
        (ACCEPT.as_str(), invocation.accept),
        (ATTRIBUTES, invocation.custom_attributes),
    ];
    for (name, value) in headers {
        if let Some(value) = value {
            let legal = HeaderValue::from_str(&value);
            let legal = legal.map_err(|_| {
                DriverError::new(Kind::Invalid, format!("`{name}` has characters that no header may have"))
            })?;
            request = request.header(name, legal);
        }
    }
    request.body(Full::new(invocation.body)).map_err(|e| DriverError::new(Kind::Invalid, e.to_string()))
}

fn text(headers: &HeaderMap, name: &str) -> Option<String> {
    headers.get(name).and_then(|value| value.to_str().ok()).map(str::to_owned)
}
