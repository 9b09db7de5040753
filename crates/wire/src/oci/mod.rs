//! The registry's face: OCI distribution 1.1 (and with it docker's v2 API) under `/v2/`.
//! <https://github.com/opencontainers/distribution-spec/blob/main/spec.md>
//!
//! As with ECR, a repository must be made before something is pushed into it.

mod access;
mod blobs;
mod error;
mod lists;
mod manifests;
mod route;
#[cfg(test)]
mod skopeo;
#[cfg(test)]
mod tests;
mod uploads;

use axum::{
    body::Body,
    extract::Request,
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, Method, StatusCode, request::Parts};
use percent_encoding::percent_decode_str;
use trainyard_services::{identity::Identity, images::Images};

use crate::face::{Access, Visit, doors::Serving};

use access::Caller;
use error::OciError;
use route::{Inner, Route};

pub(crate) use access::{TOKEN_USER, password};

/// Answers a request under `/v2/`.
pub fn serve(visit: Visit, request: Request) -> Serving {
    Box::pin(async move {
        let (images, identity) = (&visit.services.images, &visit.services.identity);
        answer(images, identity, visit.access, request).await
    })
}

/// One request in a repository.
struct Call<'a> {
    images: &'a Images,
    caller: Caller,
    repository: &'a str,
    parts: Parts,
}

async fn answer(images: &Images, identity: &Identity, access: Access, request: Request) -> Response {
    let head = request.method() == Method::HEAD;
    let mut response = match act(images, identity, access, request).await {
        Ok(response) => response,
        Err(error) => error.into_response(),
    };
    if head {
        *response.body_mut() = Body::empty();
    }
    let version = HeaderName::from_static("docker-distribution-api-version");
    response.headers_mut().insert(version, HeaderValue::from_static("registry/2.0"));
    response
}

async fn act(
    images: &Images,
    identity: &Identity,
    access: Access,
    request: Request,
) -> Result<Response, OciError> {
    let (parts, body) = request.into_parts();
    let caller = access::caller(identity, &parts.headers, access).await?;
    let method = parts.method.clone();
    let (repository, inner) = match route::parse(parts.uri.path())? {
        Route::In(repository, inner) => (repository, inner),
        Route::Base if method == Method::GET || method == Method::HEAD => return Ok(made("{}".into())),
        Route::Catalog if method == Method::GET => {
            return lists::catalog(images, &caller.scope, &parts.uri).await;
        }
        Route::Base | Route::Catalog => return Err(OciError::no_such_method()),
    };
    let call = Call { images, caller, repository: &repository, parts };
    match (inner, method.as_str()) {
        (Inner::Blob(digest), "GET" | "HEAD") => blobs::get(&call, &digest).await,
        (Inner::Blob(digest), "DELETE") => blobs::delete(&call, &digest).await,
        (Inner::Uploads, "POST") => uploads::start(&call, body).await,
        (Inner::Upload(id), "GET" | "HEAD") => uploads::status(&call, &id).await,
        (Inner::Upload(id), "PATCH") => uploads::append(&call, &id, body).await,
        (Inner::Upload(id), "PUT") => uploads::finish(&call, &id, body).await,
        (Inner::Upload(id), "DELETE") => uploads::cancel(&call, &id).await,
        (Inner::Manifest(reference), "GET" | "HEAD") => manifests::get(&call, &reference).await,
        (Inner::Manifest(reference), "PUT") => manifests::put(&call, &reference, body).await,
        (Inner::Manifest(reference), "DELETE") => manifests::delete(&call, &reference).await,
        (Inner::Tags, "GET") => lists::tags(&call).await,
        (Inner::Referrers(digest), "GET") => lists::referrers(&call, &digest).await,
        _ => Err(OciError::no_such_method()),
    }
}

impl Call<'_> {
    /// A parameter of the query, decoded.
    fn query(&self, name: &str) -> Option<String> {
        query(&self.parts.uri, name)
    }
}

fn query(uri: &http::Uri, name: &str) -> Option<String> {
    let pairs = uri.query()?.split('&').filter_map(|pair| pair.split_once('='));
    let value = pairs.into_iter().find(|(key, _)| *key == name)?.1;
    Some(percent_decode_str(value).decode_utf8().ok()?.into_owned())
}

/// A JSON answer.
fn made(json: String) -> Response {
    with(StatusCode::OK, &[("content-type", "application/json".to_owned())], json.into())
}

/// An answer with these headers. A value that cannot stand in a header is left out.
fn with(status: StatusCode, headers: &[(&'static str, String)], body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    for (name, value) in headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

fn empty(status: StatusCode, headers: &[(&'static str, String)]) -> Response {
    with(status, headers, Body::empty())
}
