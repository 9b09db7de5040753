//! Real git clients against the face.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

use axum::Router;
use base64::{Engine, engine::general_purpose::STANDARD};
use trainyard_domain::{Event, Principal, Scope};
use trainyard_services::{
    bus,
    ground::Ground,
    identity::{Identity, SessionRequest},
    repositories::RepositoriesConfig,
};
use trainyard_store::Store;

use super::*;
use crate::face::Access;

struct Server {
    directory: tempfile::TempDir,
    ground: Ground,
    identity: Identity,
    url: String,
}

impl Server {
    async fn start(push_limit: u64) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let ground = Ground::new(Store::in_memory().await.unwrap());
        let identity = Identity::open(ground.clone()).await.unwrap();
        let config = RepositoriesConfig {
            push_limit,
            ..RepositoriesConfig::in_directory(directory.path().join("git"))
        };
        let repositories = Repositories::new(ground.clone(), config);
        let whom = identity.clone();
        let router = Router::new().fallback(move |request: Request| {
            let (identity, repositories) = (whom.clone(), repositories.clone());
            async move {
                match access::caller(&identity, request.headers(), Access::Signed).await {
                    Ok(caller) => answer(&repositories, &caller, request).await,
                    Err(refused) => refused,
                }
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(crate::face::serve(listener, router, tokio_util::sync::CancellationToken::new()));
        Self { directory, ground, identity, url }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// git with the credentials, in the directory.
    async fn git(&self, who: &(String, String), tree: &Path, line: &str) -> Output {
        let header = format!("Authorization: Basic {}", STANDARD.encode(format!("{}:{}", who.0, who.1)));
        let line = line.replace("{url}", &self.url);
        let mut command = Command::new("git");
        command
            .current_dir(tree)
            .args(["-c", &format!("http.extraHeader={header}")])
            .args(line.split(' '))
            .envs([("GIT_CONFIG_GLOBAL", "/dev/null"), ("GIT_TERMINAL_PROMPT", "0"), ("NO_PROXY", "*")])
            .envs([("GIT_AUTHOR_NAME", "t"), ("GIT_AUTHOR_EMAIL", "t"), ("GIT_COMMITTER_NAME", "t")])
            .env("GIT_COMMITTER_EMAIL", "t");
        tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap()
    }

    async fn well(&self, who: &(String, String), tree: &Path, line: &str) -> String {
        let out = self.git(who, tree, line).await;
        assert!(out.status.success(), "git {line}: {}", String::from_utf8_lossy(&out.stderr));
        String::from_utf8(out.stdout).unwrap().trim().to_owned()
    }

    async fn key(&self) -> (String, String) {
        let key = self.identity.first_start().await.unwrap();
        (key.id, key.secret)
    }

    /// A work tree with one commit that holds `bytes` bytes that do not compress.
    async fn tree(&self, who: &(String, String), bytes: usize) -> PathBuf {
        let tree = self.path("tree");
        std::fs::create_dir(&tree).unwrap();
        let mut noise = 1_u64;
        let mut next = || {
            noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (noise >> 56) as u8
        };
        std::fs::write(tree.join("data"), (0..bytes).map(|_| next()).collect::<Vec<_>>()).unwrap();
        for line in ["init --quiet -b main .", "add .", "commit --quiet -m first"] {
            self.well(who, &tree, line).await;
        }
        tree
    }

    async fn told(&self) -> Vec<Event> {
        let due = self.ground.store.due(bus::EVENTS, self.ground.now(), 100).await.unwrap();
        due.iter().map(|item| serde_json::from_str(&item.body).unwrap()).collect()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_makes_the_repository_and_is_told_before_it_returns() {
    let server = Server::start(2 << 30).await;
    let key = server.key().await;
    // More than git sends without chunked encoding.
    let tree = server.tree(&key, 3 << 20).await;
    server.well(&key, &tree, "push --quiet {url}/git/train.git main").await;
    let told = server.told().await;
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].detail["pusher"], "arn:aws:iam::000000000000:user/admin");
    let commit = server.well(&key, &tree, "rev-parse HEAD").await;
    assert_eq!(told[0].detail["after"], commit.as_str());
    for protocol in ["0", "2"] {
        let line = format!("-c protocol.version={protocol} ls-remote {{url}}/git/train.git main");
        assert!(server.well(&key, &tree, &line).await.starts_with(&commit), "{protocol}");
    }
    server.well(&key, server.directory.path(), "clone --quiet {url}/git/train.git copy").await;
    assert_eq!(server.well(&key, &server.path("copy"), "rev-parse HEAD").await, commit);
    server.well(&key, &tree, "push --quiet {url}/git/train.git :main").await;
    assert_eq!(server.told().await[1].detail["event"], "deleted");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sessions_push_and_nobody_else_does() {
    let server = Server::start(2 << 30).await;
    let key = server.key().await;
    let tree = server.tree(&key, 10).await;
    let scope = Scope::default_scope();
    let session = server.identity.session(&SessionRequest {
        scope: scope.clone(),
        role: "arn:aws:iam::000000000000:role/build".parse().unwrap(),
        name: "build".to_owned(),
        lineage: Principal::root(&scope).lineage,
        lifetime: std::time::Duration::from_secs(60),
    });
    let session = session.unwrap();
    let password = format!("{}:{}", session.secret_access_key, session.session_token);
    for wrong in [
        (key.0.clone(), "guess".to_owned()),
        ("AKIANOBODY".to_owned(), key.1.clone()),
        (session.access_key_id.clone(), session.secret_access_key.clone()),
        (String::new(), String::new()),
    ] {
        let out = server.git(&wrong, &tree, "push --quiet {url}/git/train.git main").await;
        assert!(!out.status.success(), "{wrong:?}");
    }
    assert!(!server.path("git").exists());
    server.well(&(session.access_key_id, password), &tree, "push --quiet {url}/git/train.git main").await;
    assert_eq!(server.told().await[0].detail["pusher"], "arn:aws:sts::000000000000:assumed-role/build/build");
    let other = server.identity.create_key("111122223333".parse().unwrap(), "eve").await.unwrap();
    let out = server.git(&(other.id, other.secret), &tree, "ls-remote {url}/git/train.git").await;
    assert!(!out.status.success());
    assert!(String::from_utf8_lossy(&out.stderr).contains("not found"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_that_is_too_large_leaves_nothing() {
    let server = Server::start(1 << 20).await;
    let key = server.key().await;
    let tree = server.tree(&key, 3 << 20).await;
    let out = server.git(&key, &tree, "push {url}/git/train.git main").await;
    assert!(!out.status.success());
    assert!(server.told().await.is_empty());
    assert_eq!(server.well(&key, &tree, "ls-remote {url}/git/train.git").await, "");
    // What is small enough goes through afterwards.
    std::fs::write(tree.join("data"), "small").unwrap();
    for line in ["commit --quiet --amend -am second", "push --quiet {url}/git/train.git main"] {
        server.well(&key, &tree, line).await;
    }
    assert_eq!(server.told().await.len(), 1);
}
