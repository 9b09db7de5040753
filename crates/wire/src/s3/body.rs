//! Bodies: from the request to the disk, checked on the way; from the disk to the answer.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use futures::Stream;
use http::HeaderMap;
use s3s::{S3Error, S3ErrorCode, S3Result, TrailingHeaders, checksum::ChecksumHasher, dto::StreamingBlob};
use trainyard_domain::{Kind, ports::ByteStream};
use trainyard_services::artifacts::{Artifacts, Checksum, Staged};

use super::{checksum::Claims, error};

/// A body on its way in.
pub(super) struct Incoming {
    pub(super) body: Option<StreamingBlob>,
    /// What the request says how long it is.
    pub(super) length: Option<i64>,
    /// `Content-MD5`.
    pub(super) md5: Option<String>,
    pub(super) claims: Claims,
    pub(super) trailers: Option<TrailingHeaders>,
}

impl Incoming {
    /// A body with what the headers claim of it.
    pub(super) fn new(headers: &HeaderMap, trailers: Option<TrailingHeaders>) -> Self {
        Self { body: None, length: None, md5: None, claims: Claims::read(headers), trailers }
    }

    /// Puts the bytes on the disk if they are what the client says that they are. Else nothing is left of them.
    pub(super) async fn stage(self, artifacts: &Artifacts) -> S3Result<(Staged, Option<Checksum>)> {
        let Self { body, length, md5, claims, trailers } = self;
        let passing = Arc::new(Mutex::new(Passing { hasher: claims.hasher(), broken: None }));
        let stream: ByteStream = match body {
            Some(body) => Box::pin(Inbound { body, passing: passing.clone() }),
            None => Box::pin(futures::stream::empty()),
        };
        let staged = artifacts.stage(stream).await;
        let passed = std::mem::take(&mut *passing.lock().unwrap_or_else(PoisonError::into_inner));
        let staged = staged.map_err(|error| passed.broken.unwrap_or_else(|| error::of(error)))?;
        let trailers = trailers.and_then(|trailers| trailers.take());
        let checked = check_length(&staged, length)
            .and_then(|()| check_md5(&staged, md5.as_deref()))
            .and_then(|()| claims.check(&passed.hasher.finalize(), trailers.as_ref()));
        match checked {
            Ok(checksum) => Ok((staged, checksum)),
            Err(error) => {
                artifacts.discard(staged).await;
                Err(error)
            }
        }
    }
}

fn check_length(staged: &Staged, stated: Option<i64>) -> S3Result<()> {
    match stated.and_then(|length| u64::try_from(length).ok()) {
        Some(length) if length != staged.content.size => Err(S3Error::with_message(
            S3ErrorCode::IncompleteBody,
            "You did not provide the number of bytes specified by the Content-Length HTTP header.",
        )),
        _ => Ok(()),
    }
}

fn check_md5(staged: &Staged, stated: Option<&str>) -> S3Result<()> {
    let Some(stated) = stated else { return Ok(()) };
    match STANDARD.decode(stated) {
        Ok(stated) if stated.len() == 16 && stated == staged.md5 => Ok(()),
        Ok(stated) if stated.len() == 16 => Err(S3Error::with_message(
            S3ErrorCode::BadDigest,
            "The Content-MD5 you specified did not match what we received.",
        )),
        _ => Err(S3Error::with_message(
            S3ErrorCode::InvalidDigest,
            "The Content-MD5 you specified is not valid.",
        )),
    }
}

#[derive(Default)]
struct Passing {
    hasher: ChecksumHasher,
    /// Why the body broke off.
    broken: Option<S3Error>,
}

/// A request's body as the room reads it.
struct Inbound {
    body: StreamingBlob,
    passing: Arc<Mutex<Passing>>,
}

impl Stream for Inbound {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = Pin::new(&mut self.body).poll_next(context);
        let mut passing = self.passing.lock().unwrap_or_else(PoisonError::into_inner);
        next.map(|item| match item? {
            Ok(bytes) => {
                passing.hasher.update(&bytes);
                Some(Ok(bytes))
            }
            Err(error) => {
                let text = error.to_string();
                passing.broken = Some(broken(&text));
                Some(Err(io::Error::other(text)))
            }
        })
    }
}

/// `s3s` keeps the types of these errors to itself; their texts say what they are.
fn broken(text: &str) -> S3Error {
    if text.contains("Sha256Mismatch") {
        let message = "The provided 'x-amz-content-sha256' header does not match what was computed.";
        return error::named("XAmzContentSHA256Mismatch", Kind::Invalid, message.to_owned());
    }
    if text.contains("SignatureMismatch") {
        let message = "The request signature we calculated does not match the signature you provided.";
        return S3Error::with_message(S3ErrorCode::SignatureDoesNotMatch, message);
    }
    S3Error::with_message(S3ErrorCode::IncompleteBody, format!("the request's body cannot be read: {text}"))
}

/// The answer's body.
pub(super) fn outgoing(stream: ByteStream) -> StreamingBlob {
    StreamingBlob::wrap(Outbound(Mutex::new(stream)))
}

/// A stream that can be shared between threads, as `s3s` wants it; it never is.
struct Outbound(Mutex<ByteStream>);

impl Stream for Outbound {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut().poll_next(context)
    }
}
