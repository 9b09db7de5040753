//! Pushing blobs: in one piece, in chunks, or by a mount from another repository.

use std::io;

use axum::{body::Body, response::Response};
use futures::TryStreamExt;
use http::{HeaderMap, StatusCode, header};
use trainyard_domain::{content::Digest, ports::ByteStream};
use trainyard_services::images::Upload;

use super::{Call, OciError, empty, route::digest};

pub(super) async fn start(call: &Call<'_>, body: Body) -> Result<Response, OciError> {
    let images = call.images;
    if let (Some(mount), Some(from)) = (call.query("mount"), call.query("from")) {
        let digest = digest(&mount)?;
        if images.mount(&call.caller.scope, call.repository, &digest, &from).await? {
            return Ok(created(call.repository, &digest));
        }
    }
    let upload = images.start_upload(&call.caller.scope, call.repository).await?;
    match call.query("digest") {
        Some(_) => finish(call, &upload.id, body).await,
        None => Ok(accepted(&upload, StatusCode::ACCEPTED)),
    }
}

pub(super) async fn status(call: &Call<'_>, id: &str) -> Result<Response, OciError> {
    let upload = call.images.upload(&call.caller.scope, call.repository, id).await?;
    Ok(accepted(&upload, StatusCode::NO_CONTENT))
}

pub(super) async fn append(call: &Call<'_>, id: &str, body: Body) -> Result<Response, OciError> {
    let at = first_byte(&call.parts.headers)?;
    let place = (&call.caller.scope, call.repository, id);
    let upload = call.images.append(place, at, stream(body)).await?;
    Ok(accepted(&upload, StatusCode::ACCEPTED))
}

pub(super) async fn finish(call: &Call<'_>, id: &str, body: Body) -> Result<Response, OciError> {
    let missing = || OciError::bad_upload("the query must have the blob's digest");
    let digest = digest(&call.query("digest").ok_or_else(missing)?)?;
    let Call { images, caller, repository, parts } = call;
    let at = first_byte(&parts.headers)?;
    let without = parts.headers.get(header::CONTENT_LENGTH).is_some_and(|length| length == "0");
    let last = if without { None } else { Some((at, stream(body))) };
    images.finish_upload((&caller.scope, repository, id), &digest, last).await?;
    Ok(created(repository, &digest))
}

pub(super) async fn cancel(call: &Call<'_>, id: &str) -> Result<Response, OciError> {
    call.images.cancel_upload(&call.caller.scope, call.repository, id).await?;
    Ok(empty(StatusCode::NO_CONTENT, &[]))
}

fn stream(body: Body) -> ByteStream {
    Box::pin(body.into_data_stream().map_err(io::Error::other))
}

fn accepted(upload: &Upload, status: StatusCode) -> Response {
    // `0-0` also when nothing has come: docker's own registry answers so, and its clients count on it.
    let last = upload.content.size.saturating_sub(1);
    let headers = [
        ("location", format!("/v2/{}/blobs/uploads/{}", upload.repository, upload.id)),
        ("range", format!("0-{last}")),
        ("docker-upload-uuid", upload.id.clone()),
        ("content-length", "0".to_owned()),
    ];
    let kept = if status == StatusCode::NO_CONTENT { &headers[..3] } else { &headers[..] };
    empty(status, kept)
}

fn created(repository: &str, digest: &Digest) -> Response {
    let headers = [
        ("location", format!("/v2/{repository}/blobs/{digest}")),
        ("docker-content-digest", digest.to_string()),
        ("content-length", "0".to_owned()),
    ];
    empty(StatusCode::CREATED, &headers)
}

/// Where the chunk says that it begins: `Content-Range: <first>-<last>`, without a unit. Its length must be the
/// body's.
fn first_byte(headers: &HeaderMap) -> Result<Option<u64>, OciError> {
    let Some(range) = headers.get(header::CONTENT_RANGE) else { return Ok(None) };
    let bad = || OciError::bad_upload("Content-Range must be <first>-<last>, and as long as the body");
    let text = range.to_str().map_err(|_| bad())?;
    let text = text.strip_prefix("bytes ").unwrap_or(text);
    let text = text.split('/').next().unwrap_or_default();
    let (first, last) = text.split_once('-').ok_or_else(bad)?;
    let (first, last): (u64, u64) =
        (first.trim().parse().map_err(|_| bad())?, last.trim().parse().map_err(|_| bad())?);
    let length =
        headers.get(header::CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    let said = last.checked_sub(first).and_then(|length| length.checked_add(1)).ok_or_else(bad)?;
    if length.is_some_and(|length| length != said) {
        return Err(bad());
    }
    Ok(Some(first))
}
