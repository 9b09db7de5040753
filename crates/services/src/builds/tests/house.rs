//! The house that the tests live in.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use tokio::sync::mpsc;
use tokio_util::sync::{CancellationToken, DropGuard};
use trainyard_domain::{Event, Principal, Scope, Timestamp, event::Way};
use trainyard_drivers::blobs::Disk;
use trainyard_store::{Store, WorkItem};

use super::{super::*, shell::Shell};
use crate::{
    artifacts::Artifacts as Objects,
    bus::{Bus, Listener},
    ground::Ground,
    identity::Identity,
    images::Images,
    jobs::{Jobs, JobsConfig, Neighbours},
    logs::Logs,
    repositories::{GIT_PUSH, Repositories, RepositoriesConfig},
    work::{self, Worker},
};

pub(super) const PROJECT: &str = "train-build";

pub(super) struct House {
    pub builds: Builds,
    pub ground: Ground,
    pub identity: Identity,
    repositories: Repositories,
    news: mpsc::UnboundedReceiver<Event>,
    heard: Arc<Mutex<Vec<Event>>>,
    directory: tempfile::TempDir,
    _stop: DropGuard,
}

/// Hears everything.
struct Ear(mpsc::UnboundedSender<Event>, Arc<Mutex<Vec<Event>>>);

#[async_trait]
impl Listener for Ear {
    fn name(&self) -> &'static str {
        "ear"
    }

    fn wants(&self, _: &Event) -> bool {
        true
    }

    async fn hear(&self, event: &Event) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
        self.1.lock().unwrap().push(event.clone());
        let _ = self.0.send(event.clone());
        Ok(())
    }
}

impl House {
    pub(super) async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let ground = Ground::new(Store::in_memory().await.unwrap());
        let identity = Identity::open(ground.clone()).await.unwrap();
        let blobs = Arc::new(Disk::open(&at("blobs")).unwrap());
        let there = Neighbours {
            driver: Arc::new(Shell::default()),
            images: Images::new(ground.clone(), blobs.clone()),
            artifacts: Objects::new(ground.clone(), blobs),
            logs: Logs::open(ground.clone(), &at("logs")).unwrap(),
            identity: identity.clone(),
        };
        let endpoint = "http://127.0.0.1:4566".to_owned();
        let jobs = Jobs::new(
            ground.clone(),
            there,
            JobsConfig { directory: at("jobs"), endpoint: endpoint.clone() },
        );
        let repositories = Repositories::new(ground.clone(), RepositoriesConfig::in_directory(at("git")));
        let config = BuildsConfig {
            directory: at("builds"),
            images: at("images"),
            program: PathBuf::from("/usr/bin/true"),
            endpoint,
            inherited: of_machine(std::env::vars(), None),
        };
        let builds = Builds::open(ground.clone(), repositories.clone(), jobs.clone(), config).unwrap();
        let bus = Bus::new(ground.clone());
        let (tell, news) = mpsc::unbounded_channel();
        let heard = Arc::default();
        let ears: Vec<Arc<dyn Listener>> = vec![
            Arc::new(Pushes(builds.clone())),
            Arc::new(Ends(builds.clone())),
            Arc::new(Ear(tell, Arc::clone(&heard))),
        ];
        bus.meet(Vec::new(), ears);
        let stop = CancellationToken::new();
        let token = stop.clone();
        tokio::spawn(async move { bus.watch(token).await });
        tokio::spawn(work::run(ground.clone(), jobs.watch(), stop.clone()));
        tokio::spawn(work::run(ground.clone(), Arc::new(Prepare(builds.clone())), stop.clone()));
        std::fs::create_dir(at("out")).unwrap();
        std::fs::create_dir(at("tree")).unwrap();
        let _stop = stop.drop_guard();
        Self { builds, ground, identity, repositories, news, heard, directory, _stop }
    }

    pub(super) fn out(&self) -> PathBuf {
        self.directory.path().join("out")
    }

    pub(super) fn tree(&self) -> PathBuf {
        self.directory.path().join("tree")
    }

    /// Makes the project; its builds write to [`House::out`].
    pub(super) async fn project(&self, mut request: ProjectRequest) -> Project {
        let out = self.out().to_string_lossy().into_owned();
        request.environment.as_mut().unwrap().environment_variables.push(variable("OUT", &out));
        let scope = Scope::default_scope();
        self.builds.create_project(&scope, &Principal::root(&scope), request).await.unwrap()
    }

    pub(super) async fn webhook(&self, head_ref: &str) {
        let filter = |kind: &str, pattern: &str| Filter {
            kind: kind.to_owned(),
            pattern: pattern.to_owned(),
            exclude_matched_pattern: false,
        };
        let groups = vec![vec![filter("EVENT", "PUSH"), filter("HEAD_REF", head_ref)]];
        let scope = Scope::default_scope();
        self.builds.put_webhook(&scope, &Principal::root(&scope), PROJECT, Some(groups)).await.unwrap();
    }

    pub(super) async fn compare(&self) {
        self.repositories.compare_all().await.unwrap();
    }

    pub(super) async fn start(&self, request: StartRequest) -> Build {
        let scope = Scope::default_scope();
        self.builds.start(&scope, &Principal::root(&scope), request).await.unwrap()
    }

    /// The next build that ends.
    pub(super) async fn ended(&mut self) -> Build {
        let ended = |event: &Event| {
            event.detail_type == "CodeBuild Build State Change"
                && event.detail["build-status"] != "IN_PROGRESS"
        };
        let arn = self.next(ended).await.resources[0].clone();
        self.builds.build(&Scope::default_scope(), &arn).await.unwrap()
    }

    /// Makes the pipe through which a build says that it has begun.
    pub(super) fn pipe(&self) -> PathBuf {
        let pipe = self.out().join("begun");
        assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
        pipe
    }

    /// Has the build's last step done (once more), and says where its files were.
    pub(super) async fn clear(&self, build: &Build) -> PathBuf {
        let item = WorkItem::now("builds", format!("{} {}", build.scope, build.id), "");
        Prepare(self.builds.clone()).work(&item).await.unwrap();
        self.directory.path().join("builds").join(build.uuid())
    }

    /// The next event that is wanted.
    pub(super) async fn next(&mut self, wanted: impl Fn(&Event) -> bool) -> Event {
        loop {
            let event = tokio::time::timeout(std::time::Duration::from_secs(60), self.news.recv()).await;
            let event = event.expect("it is told in time").unwrap();
            if wanted(&event) {
                return event;
            }
        }
    }

    /// What builds have told of their state.
    pub(super) fn told(&self) -> Vec<Event> {
        self.told_as("CodeBuild Build State Change")
    }

    pub(super) fn told_as(&self, detail_type: &str) -> Vec<Event> {
        let heard = self.heard.lock().unwrap();
        heard.iter().filter(|event| event.detail_type == detail_type).cloned().collect()
    }

    pub(super) fn push_told(&self) -> Event {
        self.heard.lock().unwrap().iter().find(|event| event.detail_type == GIT_PUSH).unwrap().clone()
    }

    pub(super) fn some_event(&self) -> Event {
        Event {
            id: self.ground.uuid(),
            scope: Scope::default_scope(),
            bus: "default".to_owned(),
            time: Timestamp(0),
            source: "me".to_owned(),
            detail_type: "Something".to_owned(),
            way: Way::default(),
            resources: Vec::new(),
            detail: serde_json::json!({}),
        }
    }
}

fn variable(name: &str, value: &str) -> Variable {
    Variable { name: name.to_owned(), value: value.to_owned(), kind: "PLAINTEXT".to_owned() }
}

/// A project that builds the repository `train`.
pub(super) fn request() -> ProjectRequest {
    ProjectRequest {
        name: PROJECT.to_owned(),
        source: Some(Source {
            kind: "GITHUB".to_owned(),
            location: Some("http://localhost:4566/git/train.git".to_owned()),
            ..Source::default()
        }),
        environment: Some(Environment {
            kind: "LINUX_CONTAINER".to_owned(),
            image: "aws/codebuild/standard:7.0".to_owned(),
            compute_type: "BUILD_GENERAL1_SMALL".to_owned(),
            environment_variables: vec![variable("LEVEL", "project")],
            ..Environment::default()
        }),
        artifacts: Some(Artifacts::default()),
        service_role: Some("arn:aws:iam::000000000000:role/build".to_owned()),
        ..ProjectRequest::default()
    }
}

/// Commits the files and puts them into the repository; says the commit.
#[track_caller]
pub(super) fn push(house: &House, branch: &str, files: &[(&str, &str)]) -> String {
    let tree = house.tree();
    for (name, text) in files {
        std::fs::write(tree.join(name), text).unwrap();
    }
    let bare = house.directory.path().join("git/000000000000/train.git");
    run(&tree, &["init", "--quiet", "-b", branch, "."]);
    run(&tree, &["add", "."]);
    run(&tree, &["commit", "--quiet", "-m", "work"]);
    run(&tree, &["push", "--quiet", &bare.to_string_lossy(), branch]);
    run(&tree, &["rev-parse", "HEAD"])
}

fn run(tree: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new("git");
    command.current_dir(tree).args(arguments).env("GIT_CONFIG_GLOBAL", "/dev/null");
    for (name, value) in [("NAME", "t"), ("EMAIL", "t@example.org")] {
        command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    let out = command.output().unwrap();
    assert!(out.status.success(), "git {arguments:?}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}
