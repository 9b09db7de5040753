//! The registry's face as a client meets it: what the distribution spec's conformance asks for.

use std::sync::Arc;

use axum::body::Body;
use base64::{Engine, prelude::BASE64_STANDARD};
use http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tempfile::TempDir;
use trainyard_domain::{Principal, Region, Scope, content::Digest};
use trainyard_drivers::blobs::Disk;
use trainyard_services::{
    ground::Ground,
    identity::Identity,
    images::{Images, NewRepository, manifest::MANIFEST},
};
use trainyard_store::Store;

use super::{answer, password};
use crate::face::Access;

struct Registry {
    images: Images,
    identity: Identity,
    login: String,
    _directory: TempDir,
}

struct Said {
    status: StatusCode,
    headers: HeaderMap,
    body: Vec<u8>,
}

async fn registry() -> Registry {
    let directory = TempDir::new().unwrap();
    let ground = Ground::new(Store::in_memory().await.unwrap());
    let identity = Identity::open(ground.clone()).await.unwrap();
    let images = Images::new(ground, Arc::new(Disk::open(directory.path()).unwrap()));
    let scope = Scope::default_scope();
    for name in ["team/train", "other"] {
        let new = NewRepository { name: name.to_owned(), ..NewRepository::default() };
        images.create_repository(&scope, new, &Principal::root(&scope)).await.unwrap();
    }
    let (password, _) = password(&identity, &Principal::root(&scope), &scope.region).unwrap();
    let login = basic("AWS", &password);
    Registry { images, identity, login, _directory: directory }
}

fn basic(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}

impl Registry {
    async fn ask(&self, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Said {
        self.ask_as(&self.login, line, headers, body).await
    }

    async fn ask_as(&self, login: &str, line: &str, headers: &[(&str, &str)], body: &[u8]) -> Said {
        let (method, path) = line.split_once(' ').unwrap();
        let mut request = Request::builder().method(method).uri(path).header("host", "127.0.0.1:4566");
        if !login.is_empty() {
            request = request.header("authorization", login);
        }
        if !body.is_empty() || method != "GET" {
            request = request.header("content-length", body.len());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let request = request.body(Body::from(body.to_vec())).unwrap();
        let response = answer(&self.images, &self.identity, Access::Signed, request).await;
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Said { status: parts.status, headers: parts.headers, body }
    }

    async fn begin(&self) -> String {
        let begun = self.ask("POST /v2/team/train/blobs/uploads/", &[], b"").await;
        assert_eq!(begun.status, StatusCode::ACCEPTED);
        begun.header("location").to_owned()
    }

    async fn blob(&self, bytes: &[u8]) -> Digest {
        let digest = Digest::of(bytes);
        let line = format!("POST /v2/team/train/blobs/uploads/?digest={digest}");
        assert_eq!(self.ask(&line, &[], bytes).await.status, StatusCode::CREATED);
        digest
    }

    async fn manifest(&self, tag: &str, extra: Value) -> (Digest, String) {
        let config = self.blob(b"{}").await;
        let mut manifest = json!({
            "schemaVersion": 2, "mediaType": MANIFEST, "layers": [],
            "config": {"mediaType": "application/vnd.example+json", "digest": config, "size": 2},
        });
        for (name, value) in extra.as_object().unwrap() {
            manifest[name] = value.clone();
        }
        let body = manifest.to_string();
        let line = format!("PUT /v2/team/train/manifests/{tag}");
        let said = self.ask(&line, &[("content-type", MANIFEST)], body.as_bytes()).await;
        assert_eq!(said.status, StatusCode::CREATED, "{}", said.text());
        (Digest::of(body.as_bytes()), body)
    }
}

impl Said {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    fn refuses(&self, status: u16, code: &str) {
        assert_eq!((self.status.as_u16(), self.json()["errors"][0]["code"].as_str()), (status, Some(code)));
    }
}

#[tokio::test]
async fn who_does_not_log_in_is_challenged() {
    let registry = registry().await;
    let key = registry.identity.first_start().await.unwrap();
    for login in
        ["", "Bearer x", &basic("AWS", "us-east-1.x.y"), &basic(&key.id, "wrong"), &basic("AWS", &key.secret)]
    {
        let said = registry.ask_as(login, "GET /v2/", &[], b"").await;
        said.refuses(401, "UNAUTHORIZED");
        assert!(said.header("www-authenticate").starts_with("Basic realm="));
    }
    for login in [&registry.login, &basic(&key.id, &key.secret)] {
        let said = registry.ask_as(login, "GET /v2/", &[], b"").await;
        assert_eq!(
            (said.status, said.header("docker-distribution-api-version")),
            (StatusCode::OK, "registry/2.0")
        );
    }
    let scope = Scope { account: "111122223333".parse().unwrap(), region: Region::default_region() };
    let (theirs, _) = password(&registry.identity, &Principal::root(&scope), &scope.region).unwrap();
    let foreign = [("host", "000000000000.dkr.ecr.us-east-1.amazonaws.com")];
    let mut request =
        Request::builder().uri("/v2/team/train/tags/list").header("authorization", basic("AWS", &theirs));
    request = request.header(foreign[0].0, foreign[0].1);
    let said =
        answer(&registry.images, &registry.identity, Access::Signed, request.body(Body::empty()).unwrap())
            .await;
    assert_eq!(said.status(), StatusCode::FORBIDDEN);
    let said = registry.ask_as(&basic("AWS", &theirs), "GET /v2/team/train/tags/list", &[], b"").await;
    said.refuses(404, "NAME_UNKNOWN");
}

#[tokio::test]
async fn chunks_come_in_order() {
    let registry = registry().await;
    let place = registry.begin().await;
    let patch = format!("PATCH {place}");
    let first = registry.ask(&patch, &[("content-range", "0-4")], b"hello").await;
    assert_eq!((first.status, first.header("range")), (StatusCode::ACCEPTED, "0-4"));
    registry.ask(&patch, &[("content-range", "9-10")], b"xx").await.refuses(416, "BLOB_UPLOAD_INVALID");
    registry.ask(&patch, &[("content-range", "5-9")], b"xx").await.refuses(400, "BLOB_UPLOAD_INVALID");
    let status = registry.ask(&format!("GET {place}"), &[], b"").await;
    assert_eq!((status.status, status.header("range")), (StatusCode::NO_CONTENT, "0-4"));
    assert_eq!(registry.ask(&patch, &[], b" wor").await.header("range"), "0-8");
    let digest = Digest::of(b"hello world");
    let put = format!("PUT {place}?digest={}", digest.as_str().replace(':', "%3A"));
    let done = registry.ask(&put, &[("content-range", "9-10")], b"ld").await;
    assert_eq!((done.status, done.header("docker-content-digest")), (StatusCode::CREATED, digest.as_str()));
    let blob = done.header("location").to_owned();
    assert_eq!(registry.ask(&format!("GET {blob}"), &[], b"").await.text(), "hello world");
    let part = registry.ask(&format!("GET {blob}"), &[("range", "bytes=4-6")], b"").await;
    assert_eq!((part.status, part.header("content-range")), (StatusCode::PARTIAL_CONTENT, "bytes 4-6/11"));
    assert_eq!(part.text(), "o w");
    registry.ask(&format!("GET {blob}"), &[("range", "bytes=11-")], b"").await.refuses(416, "BLOB_UNKNOWN");
    let head = registry.ask(&format!("HEAD {blob}"), &[], b"").await;
    assert_eq!((head.header("content-length"), head.body.len()), ("11", 0));
    registry.ask(&format!("GET {place}"), &[], b"").await.refuses(404, "BLOB_UPLOAD_UNKNOWN");
}

#[tokio::test]
async fn uploads_that_go_wrong_leave_nothing() {
    let registry = registry().await;
    let place = registry.begin().await;
    let digest = Digest::of(b"good");
    registry.ask(&format!("PUT {place}?digest={digest}"), &[], b"evil").await.refuses(400, "DIGEST_INVALID");
    registry.ask(&format!("GET /v2/team/train/blobs/{digest}"), &[], b"").await.refuses(404, "BLOB_UNKNOWN");
    let place = registry.begin().await;
    registry.ask(&format!("PUT {place}"), &[], b"").await.refuses(400, "BLOB_UPLOAD_INVALID");
    registry.ask(&format!("PUT {place}?digest=sha512:00"), &[], b"").await.refuses(400, "DIGEST_INVALID");
    assert_eq!(registry.ask(&format!("DELETE {place}"), &[], b"").await.status, StatusCode::NO_CONTENT);
    registry.ask(&format!("PATCH {place}"), &[], b"x").await.refuses(404, "BLOB_UPLOAD_UNKNOWN");
    registry.ask("POST /v2/missing/blobs/uploads/", &[], b"").await.refuses(404, "NAME_UNKNOWN");
}

#[tokio::test]
async fn blobs_are_mounted_from_where_they_are() {
    let registry = registry().await;
    let digest = registry.blob(b"shared").await;
    let mount = |from: &str| format!("POST /v2/other/blobs/uploads/?mount={digest}&from={from}");
    assert_eq!(registry.ask(&mount("missing"), &[], b"").await.status, StatusCode::ACCEPTED);
    let done = registry.ask(&mount("team%2Ftrain"), &[], b"").await;
    assert_eq!(
        (done.status, done.header("location")),
        (StatusCode::CREATED, &*format!("/v2/other/blobs/{digest}"))
    );
    assert_eq!(registry.ask(&format!("DELETE /v2/team/train/blobs/{digest}"), &[], b"").await.status, 202);
    assert_eq!(registry.ask(&format!("GET /v2/other/blobs/{digest}"), &[], b"").await.text(), "shared");
}

#[tokio::test]
async fn manifests_are_kept_byte_for_byte() {
    let registry = registry().await;
    let (digest, body) = registry.manifest("v1", json!({"annotations": {"a": "ü"}})).await;
    for reference in ["v1", digest.as_str()] {
        let said = registry.ask(&format!("GET /v2/team/train/manifests/{reference}"), &[], b"").await;
        assert_eq!((said.text(), said.header("content-type")), (body.clone(), MANIFEST));
        assert_eq!(said.header("docker-content-digest"), digest.as_str());
    }
    let put = "PUT /v2/team/train/manifests/v2";
    let typed = [("content-type", MANIFEST)];
    let dangling = body.replace(Digest::of(b"{}").as_str(), Digest::of(b"gone").as_str());
    registry.ask(put, &typed, dangling.as_bytes()).await.refuses(400, "MANIFEST_BLOB_UNKNOWN");
    registry.ask(put, &typed, b"{}").await.refuses(400, "MANIFEST_INVALID");
    registry.ask(put, &typed, &vec![b' '; (4 << 20) + 1]).await.refuses(413, "SIZE_INVALID");
    registry
        .ask("PUT /v2/team/train/manifests/.bad", &typed, body.as_bytes())
        .await
        .refuses(400, "TAG_INVALID");
    let line = format!("PUT /v2/team/train/manifests/{}", Digest::of(b"x"));
    registry.ask(&line, &typed, body.as_bytes()).await.refuses(400, "DIGEST_INVALID");
    registry.ask("GET /v2/team/train/manifests/v2", &[], b"").await.refuses(404, "MANIFEST_UNKNOWN");
    registry.ask("POST /v2/team/train/manifests/v2", &[], b"").await.refuses(405, "UNSUPPORTED");

    let blob = format!("DELETE /v2/team/train/blobs/{}", Digest::of(b"{}"));
    registry.ask(&blob, &[], b"").await.refuses(405, "DENIED");
    let delete = format!("DELETE /v2/team/train/manifests/{digest}");
    assert_eq!(registry.ask(&delete, &[], b"").await.status, StatusCode::ACCEPTED);
    registry.ask("GET /v2/team/train/manifests/v1", &[], b"").await.refuses(404, "MANIFEST_UNKNOWN");
    assert_eq!(registry.ask(&blob, &[], b"").await.status, StatusCode::ACCEPTED);
}

#[tokio::test]
async fn lists_go_page_by_page() {
    let registry = registry().await;
    for tag in ["c", "a", "b"] {
        registry.manifest(tag, json!({})).await;
    }
    let mut line = "/v2/team/train/tags/list?n=2".to_owned();
    let first = registry.ask(&format!("GET {line}"), &[], b"").await;
    assert_eq!(first.json(), json!({"name": "team/train", "tags": ["a", "b"]}));
    line = first.header("link").split(['<', '>']).nth(1).unwrap().to_owned();
    let second = registry.ask(&format!("GET {line}"), &[], b"").await;
    assert_eq!((second.json()["tags"].clone(), second.header("link")), (json!(["c"]), ""));
    assert_eq!(registry.ask("GET /v2/team/train/tags/list?n=0", &[], b"").await.json()["tags"], json!([]));
    registry
        .ask("GET /v2/team/train/tags/list?n=x", &[], b"")
        .await
        .refuses(400, "PAGINATION_NUMBER_INVALID");
    let catalog = registry.ask("GET /v2/_catalog?n=1", &[], b"").await;
    assert_eq!(catalog.json(), json!({"repositories": ["other"]}));
    assert_eq!(catalog.header("link"), "</v2/_catalog?n=1&last=other>; rel=\"next\"");
}

#[tokio::test]
async fn referrers_are_found_by_their_subject() {
    let registry = registry().await;
    let (subject, body) = registry.manifest("v1", json!({})).await;
    let descriptor = json!({"mediaType": MANIFEST, "digest": subject, "size": body.len()});
    for kind in ["application/sbom", "application/signature"] {
        let extra = json!({"subject": descriptor, "artifactType": kind, "annotations": {"kind": kind}});
        registry.manifest(kind.rsplit('/').next().unwrap(), extra).await;
    }
    let all = registry.ask(&format!("GET /v2/team/train/referrers/{subject}"), &[], b"").await;
    assert_eq!(all.json()["manifests"].as_array().unwrap().len(), 2);
    let line = format!("GET /v2/team/train/referrers/{subject}?artifactType=application%2Fsbom");
    let some = registry.ask(&line, &[], b"").await;
    assert_eq!(some.header("oci-filters-applied"), "artifactType");
    let found = some.json()["manifests"].as_array().unwrap().clone();
    assert_eq!((found.len(), &found[0]["annotations"]["kind"]), (1, &json!("application/sbom")));
    let none = registry.ask(&format!("GET /v2/team/train/referrers/{}", Digest::of(b"x")), &[], b"").await;
    assert_eq!((none.status, none.json()["manifests"].clone()), (StatusCode::OK, json!([])));
}

#[tokio::test]
async fn the_pushers_lineage_stays_with_the_image() {
    let mut registry = registry().await;
    let scope = Scope::default_scope();
    let mut by = Principal::root(&scope);
    by.lineage.commit = Some("c0ffee".to_owned());
    by.lineage.build = Some("arn:aws:codebuild:us-east-1:000000000000:build/x:1".to_owned());
    registry.login = basic("AWS", &password(&registry.identity, &by, &scope.region).unwrap().0);
    let (digest, _) = registry.manifest("v1", json!({})).await;
    let uri = "000000000000.dkr.ecr.us-east-1.amazonaws.com/team/train:v1";
    let lineage = registry.images.lineage(uri, &scope).await.unwrap();
    assert_eq!((lineage.commit, lineage.build), (by.lineage.commit, by.lineage.build));
    assert_eq!(lineage.image.as_deref(), Some(digest.as_str()));
}
