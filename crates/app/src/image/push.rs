//! `trainyard image push`: from the local store to the registry. What is there already is not sent again.

use std::{io, time::Instant};

use base64::{Engine, prelude::BASE64_STANDARD};
use bytes::Bytes;
use futures::{StreamExt, TryStreamExt};
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use http_body_util::{BodyExt, Empty, Full, StreamBody};
use hyper::body::Frame;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio_util::io::ReaderStream;
use trainyard_domain::{Scope, content::Digest};
use trainyard_services::images::{Uri, names::registry_host};

use super::{Descriptor, Store, build::full_name, store::trouble};
use crate::{
    client::{Answer, Client, Outgoing},
    failure::Failure,
    printer,
};

const PIECE: usize = 256 << 10;

/// Pushes the image of that name, and says its digest.
pub(crate) async fn push(client: &Client, store: &Store, reference: &str) -> Result<Digest, Failure> {
    let name = full_name(reference).map_err(Failure::usage)?;
    let manifest = store.find(&name)?.ok_or_else(|| {
        Failure::failed(format!("there is no image `{name}` here"))
            .hint(format!("trainyard image build --tag {name} …"))
    })?;
    let uri = Uri::parse(&name, &Scope::default_scope()).map_err(|e| Failure::usage(e.to_string()))?;
    // An AWS name says its region; an address of this machine leaves it to the client.
    let host = name.split('/').next().unwrap_or_default();
    let aws = host == registry_host(&uri.scope);
    let client = if aws { client.clone().in_region(uri.scope.region.as_str()) } else { client.clone() };
    let registry = Registry::enter(client, uri.repository.clone()).await?;
    let body = store.read(&manifest.digest)?;
    let parsed: Manifest = serde_json::from_slice(&body).map_err(|e| {
        Failure::failed(format!("the local image `{name}` is damaged: {e}")).hint("build it again")
    })?;
    for blob in parsed.layers.iter().chain([&parsed.config]) {
        registry.blob(store, blob).await?;
    }
    registry.manifest(&uri.reference.to_string(), &manifest, body).await?;
    Ok(manifest.digest)
}

#[derive(Deserialize)]
struct Manifest {
    config: Descriptor,
    layers: Vec<Descriptor>,
}

/// A repository that we are logged in to.
struct Registry {
    client: Client,
    repository: String,
    login: HeaderValue,
}

impl Registry {
    async fn enter(client: Client, repository: String) -> Result<Self, Failure> {
        let target = "AmazonEC2ContainerRegistry_V20150921.GetAuthorizationToken";
        let answer = client.call("ecr", target, &json!({})).await?;
        let token = answer["authorizationData"][0]["authorizationToken"].as_str().unwrap_or_default();
        let odd = || Failure::failed("the server gave no authorization token for its registry");
        if BASE64_STANDARD.decode(token).is_err() || token.is_empty() {
            return Err(odd());
        }
        let mut login = HeaderValue::from_str(&format!("Basic {token}")).map_err(|_| odd())?;
        login.set_sensitive(true);
        Ok(Self { client, repository, login })
    }

    async fn blob(&self, store: &Store, blob: &Descriptor) -> Result<(), Failure> {
        let short = &blob.digest.hex()[..12];
        let path = format!("/v2/{}/blobs/{}", self.repository, blob.digest);
        let there = self.send((Method::HEAD, &path), &[], nothing()).await?;
        if there.status == StatusCode::OK {
            printer::talk(format_args!("{short}: already there"));
            return Ok(());
        }
        let begin = format!("/v2/{}/blobs/uploads/", self.repository);
        let begun = self.expect(StatusCode::ACCEPTED, (Method::POST, &begin), &[], nothing()).await?;
        let place = begun.headers.get(header::LOCATION).and_then(|place| place.to_str().ok());
        let place = place.ok_or_else(|| Failure::failed("the registry names no place to upload to"))?;
        let place = place.strip_prefix(&format!("http://{}", self.client.authority())).unwrap_or(place);
        let mark = if place.contains('?') { '&' } else { '?' };
        let target = format!("{place}{mark}digest={}", blob.digest);
        let began = Instant::now();
        let length = blob.size.to_string();
        let headers =
            [(header::CONTENT_LENGTH, length.as_str()), (header::CONTENT_TYPE, "application/octet-stream")];
        let body = self.file(store, blob).await?;
        self.expect(StatusCode::CREATED, (Method::PUT, &target), &headers, body).await?;
        let seconds = began.elapsed().as_secs_f64();
        printer::talk(format_args!("{short}: {:.1} MB in {seconds:.1} s", blob.size as f64 / 1e6));
        Ok(())
    }

    async fn file(&self, store: &Store, blob: &Descriptor) -> Result<Outgoing, Failure> {
        let path = store.path(&blob.digest);
        let file = tokio::fs::File::open(&path).await.map_err(|e| trouble(&path, &e))?;
        let bar = bar(blob);
        let pieces = ReaderStream::with_capacity(file, PIECE)
            .inspect_ok(move |piece: &Bytes| bar.inc(piece.len() as u64))
            .map(|piece: io::Result<Bytes>| piece.map(Frame::data));
        Ok(StreamBody::new(pieces).boxed_unsync())
    }

    async fn manifest(&self, tag: &str, manifest: &Descriptor, body: Vec<u8>) -> Result<(), Failure> {
        let path = format!("/v2/{}/manifests/{tag}", self.repository);
        let headers = [(header::CONTENT_TYPE, manifest.media_type.as_str())];
        let body = Full::new(Bytes::from(body)).map_err(|never| match never {}).boxed_unsync();
        self.expect(StatusCode::CREATED, (Method::PUT, &path), &headers, body).await?;
        Ok(())
    }

    async fn expect(
        &self,
        status: StatusCode,
        line: (Method, &str),
        headers: &[(header::HeaderName, &str)],
        body: Outgoing,
    ) -> Result<Answer, Failure> {
        let answer = self.send(line, headers, body).await?;
        if answer.status == status { Ok(answer) } else { Err(self.refused(&answer)) }
    }

    async fn send(
        &self,
        line: (Method, &str),
        headers: &[(header::HeaderName, &str)],
        body: Outgoing,
    ) -> Result<Answer, Failure> {
        let mut map = HeaderMap::new();
        map.insert(header::AUTHORIZATION, self.login.clone());
        for (name, value) in headers {
            let value = HeaderValue::from_str(value).map_err(|e| Failure::failed(e.to_string()))?;
            map.insert(name.clone(), value);
        }
        let response = self.client.send(line, map, body).await?;
        Ok(self.client.collect(response).await?)
    }

    fn refused(&self, answer: &Answer) -> Failure {
        let said: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
        let first = &said["errors"][0];
        let message = first["message"].as_str().unwrap_or("it does not say why");
        let code = first["code"].as_str().unwrap_or_default();
        let failure = Failure::failed(format!("the registry refuses ({}): {message}", answer.status));
        if code == "NAME_UNKNOWN" {
            return failure.hint(format!("aws ecr create-repository --repository-name {}", self.repository));
        }
        failure
    }
}

fn nothing() -> Outgoing {
    Empty::new().map_err(|never| match never {}).boxed_unsync()
}

fn bar(blob: &Descriptor) -> ProgressBar {
    let target = if printer::live() { ProgressDrawTarget::stderr() } else { ProgressDrawTarget::hidden() };
    let bar = ProgressBar::with_draw_target(Some(blob.size), target);
    let style = ProgressStyle::with_template("{msg}: {wide_bar} {bytes}/{total_bytes} {bytes_per_sec}");
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.set_message(blob.digest.hex()[..12].to_owned());
    bar.with_finish(indicatif::ProgressFinish::AndClear)
}
