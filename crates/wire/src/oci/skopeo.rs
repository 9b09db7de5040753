//! A real client against the face: skopeo.

use std::{fs, path::Path, process::Output, sync::Arc};

use axum::{Router, extract::Request};
use serde_json::{Value, json};
use tempfile::TempDir;
use trainyard_domain::{Principal, Scope, content::Digest};
use trainyard_drivers::blobs::Disk;
use trainyard_services::{
    ground::Ground,
    identity::Identity,
    images::{Images, NewRepository, Reference, manifest::MANIFEST},
};
use trainyard_store::Store;

use super::{answer, password};
use crate::face::Access;

/// Whether skopeo is there. Where tests are run for others (`CI` is set), it has to be.
fn there() -> bool {
    let found = std::process::Command::new("skopeo").arg("--version").output().is_ok();
    assert!(found || std::env::var_os("CI").is_none(), "skopeo is needed for this test: install it");
    if !found {
        eprintln!("NOT TESTED: skopeo is not installed");
    }
    found
}

struct Registry {
    images: Images,
    address: String,
    directory: TempDir,
    login: String,
}

async fn registry() -> Registry {
    let directory = TempDir::new().unwrap();
    let ground = Ground::new(Store::in_memory().await.unwrap());
    let identity = Identity::open(ground.clone()).await.unwrap();
    let images = Images::new(ground, Arc::new(Disk::open(&directory.path().join("blobs")).unwrap()));
    let scope = Scope::default_scope();
    let (password, _) = password(&identity, &Principal::root(&scope), &scope.region).unwrap();
    let rooms = (images.clone(), identity);
    let router = Router::new().fallback(move |request: Request| {
        let (images, identity) = rooms.clone();
        async move { answer(&images, &identity, Access::Signed, request).await }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap().to_string();
    tokio::spawn(crate::face::serve(listener, router, tokio_util::sync::CancellationToken::new()));
    Registry { images, address, directory, login: format!("AWS:{password}") }
}

impl Registry {
    async fn make(&self, name: &str) {
        let new = NewRepository { name: name.to_owned(), ..NewRepository::default() };
        let scope = Scope::default_scope();
        self.images.create_repository(&scope, new, &Principal::root(&scope)).await.unwrap();
    }

    async fn copy(&self, from: &str, to: &str) -> Output {
        let mut command = tokio::process::Command::new("skopeo");
        command.args(["--insecure-policy", "copy", "--quiet"]);
        for (side, place) in [("src", from), ("dest", to)] {
            if place.starts_with("docker:") {
                command
                    .args([format!("--{side}-tls-verify=false"), format!("--{side}-creds={}", self.login)]);
            }
        }
        command.args([from, to]).output().await.unwrap()
    }

    async fn copied(&self, from: &str, to: &str) {
        let output = self.copy(from, to).await;
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn url(&self, rest: &str) -> String {
        format!("docker://{}/{rest}", self.address)
    }
}

/// An image layout with one layer of a few megabytes.
fn layout(at: &Path) -> Digest {
    fs::create_dir_all(at.join("blobs/sha256")).unwrap();
    let put = |media_type: &str, bytes: &[u8]| {
        let digest = Digest::of(bytes);
        fs::write(at.join("blobs/sha256").join(digest.hex()), bytes).unwrap();
        json!({"mediaType": media_type, "digest": digest, "size": bytes.len()})
    };
    // A tar archive ends with two empty blocks; one of nothing else is an archive too.
    let tar = vec![0; 3 << 20];
    let layer = put("application/vnd.oci.image.layer.v1.tar", &tar);
    let config = json!({"architecture": "amd64", "os": "linux",
        "rootfs": {"type": "layers", "diff_ids": [Digest::of(&tar)]}});
    let config = put("application/vnd.oci.image.config.v1+json", config.to_string().as_bytes());
    let manifest = json!({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": [layer]});
    let manifest = manifest.to_string();
    let mut entry = put(MANIFEST, manifest.as_bytes());
    entry["annotations"] = json!({"org.opencontainers.image.ref.name": "v1"});
    fs::write(at.join("index.json"), json!({"schemaVersion": 2, "manifests": [entry]}).to_string()).unwrap();
    fs::write(at.join("oci-layout"), r#"{"imageLayoutVersion": "1.0.0"}"#).unwrap();
    Digest::of(manifest.as_bytes())
}

#[tokio::test]
async fn skopeo_pushes_moves_and_pulls() {
    if !there() {
        return;
    }
    let registry = registry().await;
    let scope = Scope::default_scope();
    for name in ["team/train", "other"] {
        registry.make(name).await;
    }
    let from = registry.directory.path().join("layout");
    layout(&from);
    let local = format!("oci:{}:v1", from.display());
    registry.copied(&local, &registry.url("team/train:v1")).await;
    registry.copied(&registry.url("team/train:v1"), &registry.url("team/train:v2")).await;
    registry.copied(&registry.url("team/train:v1"), &registry.url("other:v1")).await;
    let out = registry.directory.path().join("out");
    registry.copied(&registry.url("other:v1"), &format!("dir:{}", out.display())).await;

    let of = async |repository, tag: &str| {
        registry.images.manifest(&scope, repository, &Reference::Tag(tag.to_owned())).await.unwrap()
    };
    let pushed = of("team/train", "v1").await;
    assert_eq!(pushed.digest, of("team/train", "v2").await.digest);
    assert_eq!(fs::read_to_string(out.join("manifest.json")).unwrap(), of("other", "v1").await.body);
    let parsed: Value = serde_json::from_str(&pushed.body).unwrap();
    assert_eq!(parsed["layers"].as_array().unwrap().len(), 1);

    let refused = registry.copy(&local, &registry.url("missing:v1")).await;
    assert!(!refused.status.success());
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(said.contains("The repository with name 'missing' does not exist"), "{said}");
}
