//! Requests where signatures are not checked (`--auth off`): they lose their signature, and what the signature did to
//! their body.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll, ready},
};

use axum::{body::Body, extract::Request, response::Response};
use bytes::{Buf, Bytes, BytesMut};
use futures::Stream;
use http::{Uri, request::Parts};

use super::{
    access::{Caller, who},
    old_query::PARAMETERS,
};
use crate::{ApiError, face::Visit, protocol};

/// The longest line before a chunk, or after the last.
const LINE: usize = 8 * 1024;

/// The request without its signature, with its caller.
#[allow(clippy::result_large_err, reason = "the refusal is the response itself")]
pub(super) fn unsigned(visit: &Visit, request: Request) -> Result<Request, Response> {
    let (mut parts, body) = request.into_parts();
    let (access_key, token, region) = who(&parts).map_err(|refused| {
        let error = ApiError::invalid("InvalidRequest", refused.message().unwrap_or_default().to_owned());
        protocol::refuse(protocol::Dialect::S3, &error, &visit.request_id)
    })?;
    let principal = visit.services.identity.unchecked(&access_key, token.as_deref());
    parts.extensions.insert(Caller { principal, region });
    parts.headers.remove("authorization");
    parts.headers.remove("x-amz-security-token");
    parts.uri = without_signature(&parts.uri);
    let body = if is_chunked(&parts) { unchunked(&mut parts, body) } else { body };
    parts.headers.remove("x-amz-content-sha256");
    Ok(Request::from_parts(parts, body))
}

fn without_signature(uri: &Uri) -> Uri {
    let Some(query) = uri.query() else { return uri.clone() };
    let of_signature = |pair: &&str| {
        let name = pair.split('=').next().unwrap_or_default();
        name.starts_with("X-Amz-") || PARAMETERS.contains(&name)
    };
    let kept: Vec<&str> = query.split('&').filter(|pair| !of_signature(pair)).collect();
    let path =
        if kept.is_empty() { uri.path().to_owned() } else { format!("{}?{}", uri.path(), kept.join("&")) };
    path.parse().unwrap_or_else(|_| uri.clone())
}

fn is_chunked(parts: &Parts) -> bool {
    let stated = parts.headers.get("x-amz-content-sha256").and_then(|value| value.to_str().ok());
    stated.is_some_and(|stated| stated.starts_with("STREAMING-"))
}

/// The body without its chunks. What stands in trailers is not looked at.
fn unchunked(parts: &mut Parts, body: Body) -> Body {
    parts.headers.remove("x-amz-trailer");
    parts.headers.remove("content-length");
    if let Some(length) = parts.headers.remove("x-amz-decoded-content-length") {
        parts.headers.insert("content-length", length);
    }
    Body::from_stream(Unchunked { body: body.into_data_stream(), held: BytesMut::new(), state: State::Line })
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html>
struct Unchunked {
    body: axum::body::BodyDataStream,
    held: BytesMut,
    state: State,
}

#[derive(Clone, Copy)]
enum State {
    /// Before a chunk: `<length in hexadecimal digits>;chunk-signature=…`.
    Line,
    /// In a chunk, with so many bytes to come.
    Bytes(usize),
    /// After a chunk's bytes: a line end.
    End,
    /// After the last chunk.
    Over,
}

impl Unchunked {
    /// What can be given of what is held; `None`: more must be read first.
    fn next(&mut self) -> io::Result<Option<Bytes>> {
        loop {
            match self.state {
                State::Bytes(0) => self.state = State::End,
                State::Bytes(_) if self.held.is_empty() => return Ok(None),
                State::Bytes(left) => {
                    let bytes = self.held.split_to(left.min(self.held.len())).freeze();
                    self.state = State::Bytes(left - bytes.len());
                    return Ok(Some(bytes));
                }
                State::End if self.held.len() < 2 => return Ok(None),
                State::End => {
                    self.held.advance(2);
                    self.state = State::Line;
                }
                State::Line => {
                    let Some(end) = self.held.windows(2).position(|pair| pair == b"\r\n") else {
                        return if self.held.len() > LINE { Err(malformed()) } else { Ok(None) };
                    };
                    let line = self.held.split_to(end + 2);
                    let digits = line[..end].split(|byte| *byte == b';').next().unwrap_or_default();
                    let length = std::str::from_utf8(digits)
                        .ok()
                        .and_then(|text| usize::from_str_radix(text, 16).ok());
                    self.state = match length.ok_or_else(malformed)? {
                        0 => State::Over,
                        length => State::Bytes(length),
                    };
                }
                State::Over => {
                    self.held.clear();
                    return Ok(None);
                }
            }
        }
    }
}

impl Stream for Unchunked {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(bytes) = self.next()? {
                return Poll::Ready(Some(Ok(bytes)));
            }
            match ready!(Pin::new(&mut self.body).poll_next(context)) {
                Some(Ok(bytes)) => self.held.extend_from_slice(&bytes),
                Some(Err(error)) => return Poll::Ready(Some(Err(io::Error::other(error)))),
                None if matches!(self.state, State::Over) => return Poll::Ready(None),
                None => return Poll::Ready(Some(Err(malformed()))),
            }
        }
    }
}

fn malformed() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the body is not in whole chunks")
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;

    use super::*;

    async fn read(body: &[u8], step: usize) -> io::Result<Vec<u8>> {
        let pieces: Vec<io::Result<Bytes>> =
            body.chunks(step).map(|c| Ok(Bytes::copy_from_slice(c))).collect();
        let body = Body::from_stream(futures::stream::iter(pieces)).into_data_stream();
        let stream = Unchunked { body, held: BytesMut::new(), state: State::Line };
        Ok(stream.try_collect::<Vec<Bytes>>().await?.concat())
    }

    #[tokio::test]
    async fn chunks_are_taken_apart() {
        let body = b"5;chunk-signature=x\r\nhello\r\n1;chunk-signature=y\r\n!\r\n0;chunk-signature=z\r\nx-amz-a:b\r\n\r\n";
        for step in [1, 2, 7, 1000] {
            assert_eq!(read(body, step).await.unwrap(), b"hello!");
        }
        for broken in [&body[..30], b"5\r\nhel", b"x\r\n", b""] {
            assert!(read(broken, 4).await.is_err());
        }
    }
}
