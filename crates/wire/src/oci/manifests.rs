//! Pushing, pulling and deleting manifests.

use axum::{body::Body, response::Response};
use http::{StatusCode, header};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use trainyard_services::images::{Error, Push, Reference, manifest};

use super::{Call, OciError, empty, with};

pub(super) async fn get(call: &Call<'_>, reference: &Reference) -> Result<Response, OciError> {
    let manifest = call.images.manifest(&call.caller.scope, call.repository, reference).await?;
    let headers = [
        ("content-type", manifest.media_type),
        ("content-length", manifest.body.len().to_string()),
        ("docker-content-digest", manifest.digest.to_string()),
        ("etag", format!("\"{}\"", manifest.digest)),
    ];
    Ok(with(StatusCode::OK, &headers, Body::from(manifest.body)))
}

pub(super) async fn put(call: &Call<'_>, reference: &Reference, body: Body) -> Result<Response, OciError> {
    let Call { images, caller, repository, parts } = call;
    let limit = usize::try_from(manifest::MAX_MANIFEST).unwrap_or(usize::MAX);
    let body = Limited::new(body, limit).collect().await.map_err(refused)?.to_bytes();
    let said = parts.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let said =
        said.and_then(|value| value.split(';').next()).map(str::trim).filter(|value| !value.is_empty());
    let inner = media_type_inside(&body);
    let media_type = said.or(inner.as_deref()).unwrap_or(manifest::MANIFEST);
    let push = Push {
        scope: &caller.scope,
        repository,
        reference: reference.clone(),
        media_type,
        body: &body,
        by: &caller.principal,
    };
    let pushed = images.push(push).await?;
    let mut headers = vec![
        ("location", format!("/v2/{repository}/manifests/{reference}")),
        ("docker-content-digest", pushed.digest.to_string()),
        ("content-length", "0".to_owned()),
    ];
    if let Some(subject) = pushed.subject {
        headers.push(("oci-subject", subject.to_string()));
    }
    Ok(empty(StatusCode::CREATED, &headers))
}

pub(super) async fn delete(call: &Call<'_>, reference: &Reference) -> Result<Response, OciError> {
    let Call { images, caller, repository, .. } = call;
    images.delete(&caller.scope, repository, reference, &caller.principal).await?;
    Ok(empty(StatusCode::ACCEPTED, &[]))
}

fn media_type_inside(body: &[u8]) -> Option<String> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    Some(value.get("mediaType")?.as_str()?.to_owned())
}

fn refused(error: Box<dyn std::error::Error + Send + Sync>) -> OciError {
    if error.is::<LengthLimitError>() {
        return Error::TooLarge { what: "a manifest", limit: manifest::MAX_MANIFEST }.into();
    }
    Error::BrokenBody(error.to_string()).into()
}
