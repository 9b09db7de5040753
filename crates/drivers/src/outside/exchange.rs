//! One request and its answer over a connection of its own.

use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::{
    Method, Request, Response,
    body::{Body, Bytes, Incoming},
    client::conn::http1,
    ext::ReasonPhrase,
    header::{CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue},
};
use hyper_util::rt::TokioIo;
use trainyard_domain::{
    outcall::{Answer, Outcall},
    ports::OutsideError,
};

use super::{dial::Stream, place::Place};

/// An answer may have so many headers,
const MOST_HEADERS: usize = 200;
/// in so many bytes.
const LONGEST_HEAD: usize = 64 << 10;

/// The call as it goes over the wire.
pub(super) fn request(call: &Outcall, place: &Place) -> Result<Request<Full<Bytes>>, OutsideError> {
    let invalid = |what: &str| OutsideError::Invalid(what.to_owned());
    let method: Method = call.method.parse().map_err(|_| invalid("the method is none"))?;
    if method == Method::CONNECT {
        return Err(invalid("the method CONNECT makes no call"));
    }
    let mut request = Request::new(Full::new(call.body.clone()));
    *request.uri_mut() = place.target.parse().map_err(|_| invalid("the URL's path cannot be asked for"))?;
    let headers = request.headers_mut();
    headers.insert(HOST, place.authority.parse().map_err(|_| invalid("the URL's host is none"))?);
    if !call.body.is_empty() || [Method::POST, Method::PUT, Method::PATCH].contains(&method) {
        headers.insert(CONTENT_LENGTH, call.body.len().into());
    }
    for (name, value) in &call.headers {
        let known: HeaderName = name.parse().map_err(|_| invalid("the name of a header is none"))?;
        // The value may be a secret.
        let value = HeaderValue::from_str(value);
        let value = value.map_err(|_| {
            OutsideError::Invalid(format!("the header `{known}` has a value that no header may have"))
        })?;
        if known != HOST && known != CONTENT_LENGTH {
            headers.append(known, value);
        }
    }
    *request.method_mut() = method;
    Ok(request)
}

/// Sends the request and reads the answer to its end.
pub(super) async fn exchange(
    stream: Box<dyn Stream>,
    request: Request<Full<Bytes>>,
    largest: usize,
) -> Result<Answer, OutsideError> {
    let broken = |error: &dyn std::error::Error| {
        OutsideError::Unreachable(format!("the connection broke off: {}", root_cause(error)))
    };
    let mut client = http1::Builder::new();
    client.max_headers(MOST_HEADERS).max_buf_size(LONGEST_HEAD);
    let (mut sender, connection) = client.handshake(TokioIo::new(stream)).await.map_err(|e| broken(&e))?;
    let talk = async {
        let response = sender.send_request(request).await.map_err(|e| broken(&e))?;
        read(response, largest).await
    };
    // The connection goes on as long as somebody looks at it, and ends with the answer.
    tokio::pin!(talk, connection);
    tokio::select! {
        answer = &mut talk => answer,
        ended = &mut connection => match ended {
            Ok(()) => talk.await,
            Err(error) => Err(broken(&error)),
        },
    }
}

async fn read(response: Response<Incoming>, largest: usize) -> Result<Answer, OutsideError> {
    let (parts, body) = response.into_parts();
    let too_large = || OutsideError::TooLarge { limit: largest, status: parts.status.as_u16() };
    if body.size_hint().lower() > u64::try_from(largest).unwrap_or(u64::MAX) {
        return Err(too_large());
    }
    let body = Limited::new(body, largest).collect().await.map_err(|error| {
        if error.is::<LengthLimitError>() {
            return too_large();
        }
        OutsideError::Unreachable(format!("the answer broke off: {}", root_cause(error.as_ref())))
    })?;
    let said = parts
        .extensions
        .get::<ReasonPhrase>()
        .map(|said| String::from_utf8_lossy(said.as_bytes()).into_owned());
    let usual = || parts.status.canonical_reason().unwrap_or_default().to_owned();
    Ok(Answer {
        status: parts.status.as_u16(),
        reason: said.unwrap_or_else(usual),
        headers: texts(&parts.headers),
        body: body.to_bytes(),
    })
}

fn texts(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    headers.iter().map(|(name, value)| (name.as_str().to_owned(), text(value))).collect()
}

fn root_cause(error: &dyn std::error::Error) -> String {
    let mut cause = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}
