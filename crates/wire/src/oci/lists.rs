//! Lists: tags, repositories, referrers.

use axum::response::Response;
use http::{StatusCode, Uri};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use trainyard_domain::{Scope, content::Digest};
use trainyard_services::images::{
    Error, Images, Manifest,
    manifest::{INDEX, Parsed},
    names::check_name,
};

use super::{Call, OciError, query, with};

/// How many names a page has at most, also where more are asked for.
const MAX_PAGE: usize = 1000;

pub(super) async fn tags(call: &Call<'_>) -> Result<Response, OciError> {
    let limit = page_size(&call.parts.uri)?;
    let last = call.query("last").filter(|last| !last.is_empty());
    let images = &call.images;
    let found = images.tags(&call.caller.scope, call.repository, last.as_deref(), limit).await?;
    let path = format!("/v2/{}/tags/list", call.repository);
    let next = found.more.then(|| found.names.last()).flatten().map(|last| link(&path, limit, last));
    Ok(paged(&json!({"name": call.repository, "tags": found.names}), next))
}

pub(super) async fn catalog(images: &Images, scope: &Scope, uri: &Uri) -> Result<Response, OciError> {
    let limit = page_size(uri)?;
    let last = query(uri, "last").filter(|last| !last.is_empty());
    if let Some(last) = &last {
        check_name(last)?;
    }
    let found = images.repository_names(scope, last.as_deref(), limit).await?;
    let next = found.more.then(|| found.names.last()).flatten().map(|last| link("/v2/_catalog", limit, last));
    Ok(paged(&json!({"repositories": found.names}), next))
}

pub(super) async fn referrers(call: &Call<'_>, subject: &Digest) -> Result<Response, OciError> {
    let kind = call.query("artifactType").filter(|kind| !kind.is_empty());
    let found = call.images.referrers(&call.caller.scope, call.repository, subject).await?;
    let described = found.iter().map(describe).collect::<Result<Vec<_>, _>>()?;
    let wanted = |descriptor: &Value| kind.as_ref().is_none_or(|kind| descriptor["artifactType"] == **kind);
    let manifests: Vec<Value> = described.into_iter().filter(wanted).collect();
    let index = json!({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}).to_string();
    let mut headers = vec![("content-type", INDEX.to_owned())];
    if kind.is_some() {
        headers.push(("oci-filters-applied", "artifactType".to_owned()));
    }
    Ok(with(StatusCode::OK, &headers, index.into()))
}

fn describe(manifest: &Manifest) -> Result<Value, Error> {
    let parsed = Parsed::read(&manifest.media_type, &manifest.body)?;
    let mut descriptor = json!({
        "mediaType": manifest.media_type,
        "digest": manifest.digest,
        "size": manifest.body.len(),
    });
    if let Some(kind) = parsed.kind_of_artifact() {
        descriptor["artifactType"] = Value::from(kind);
    }
    if !parsed.annotations.is_empty() {
        descriptor["annotations"] = json!(parsed.annotations);
    }
    Ok(descriptor)
}

fn page_size(uri: &Uri) -> Result<usize, OciError> {
    let Some(n) = query(uri, "n") else { return Ok(MAX_PAGE) };
    let bad = || OciError::new(StatusCode::BAD_REQUEST, "PAGINATION_NUMBER_INVALID", "n must be a number");
    Ok(n.parse::<usize>().map_err(|_| bad())?.min(MAX_PAGE))
}

fn link(path: &str, limit: usize, last: &str) -> String {
    let last = utf8_percent_encode(last, NON_ALPHANUMERIC);
    format!("<{path}?n={limit}&last={last}>; rel=\"next\"")
}

fn paged(answer: &Value, next: Option<String>) -> Response {
    let mut headers = vec![("content-type", "application/json".to_owned())];
    headers.extend(next.map(|next| ("link", next)));
    with(StatusCode::OK, &headers, answer.to_string().into())
}
