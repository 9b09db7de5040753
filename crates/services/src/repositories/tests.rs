//! The room with a store in memory and the installed git.

use std::{path::Path, process::Command, sync::Arc};

use trainyard_domain::{AccountId, Principal, Scope, Timestamp};
use trainyard_store::Store;

use super::*;
use crate::{bus, ground::Ground};

struct House {
    room: Repositories,
    ground: Ground,
    directory: tempfile::TempDir,
}

impl House {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::in_memory().await.unwrap();
        let ground = Ground::with_clock(store, Arc::new(|| Timestamp(1_700_000_000_000)));
        let config = RepositoriesConfig::in_directory(directory.path().join("git"));
        Self { room: Repositories::new(ground.clone(), config), ground, directory }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    /// What was told so far.
    async fn told(&self) -> Vec<trainyard_domain::Event> {
        let due = self.ground.store.due(bus::EVENTS, self.ground.now(), 100).await.unwrap();
        due.iter().map(|item| serde_json::from_str(&item.body).unwrap()).collect()
    }
}

fn somebody() -> Principal {
    Principal::root(&Scope::default_scope())
}

fn account() -> AccountId {
    AccountId::default_account()
}

#[track_caller]
fn run(tree: &Path, line: &str) -> String {
    let mut command = Command::new("git");
    command.current_dir(tree).args(line.split(' ')).env("GIT_CONFIG_GLOBAL", "/dev/null");
    for (name, value) in [("NAME", "t"), ("EMAIL", "t@example.org")] {
        command.env(format!("GIT_AUTHOR_{name}"), value).env(format!("GIT_COMMITTER_{name}"), value);
    }
    let out = command.output().unwrap();
    assert!(out.status.success(), "git {line}: {}", String::from_utf8_lossy(&out.stderr));
    String::from_utf8(out.stdout).unwrap().trim().to_owned()
}

/// A work tree with one commit on `branch` whose remote is the repository.
fn work_tree(house: &House, place: &Place, branch: &str) -> (std::path::PathBuf, String) {
    let tree = house.path("tree");
    std::fs::create_dir(&tree).unwrap();
    run(&tree, &format!("init --quiet -b {branch} ."));
    std::fs::write(tree.join("buildspec.yml"), "version: 0.2\n").unwrap();
    run(&tree, "add .");
    run(&tree, "commit --quiet -m first");
    run(&tree, &format!("remote add origin {}", place.path.display()));
    let commit = run(&tree, "rev-parse HEAD");
    (tree, commit)
}

#[tokio::test]
async fn a_push_is_told_once() {
    let house = House::new().await;
    let place = house.room.ensure(&somebody(), "train").await.unwrap();
    let (tree, commit) = work_tree(&house, &place, "trunk");
    run(&tree, "push --quiet origin trunk");
    let pusher = somebody().arn;
    let found = house.room.compare(&account(), "train", Some(&pusher)).await.unwrap();
    assert_eq!(found.len(), 1);
    // The server's start compares again, and a second compare stands for a crash before the answer.
    house.room.compare_all().await.unwrap();
    assert!(house.room.compare(&account(), "train", Some(&pusher)).await.unwrap().is_empty());
    let told = house.told().await;
    assert_eq!(told.len(), 1);
    let detail = serde_json::json!({
        "repository": "train", "ref": "refs/heads/trunk", "branch": "trunk", "event": "created",
        "after": commit, "pusher": pusher,
    });
    assert_eq!((told[0].detail_type.as_str(), &told[0].detail), (GIT_PUSH, &detail));
}

#[tokio::test]
async fn a_push_that_a_crash_kept_back_is_told_at_the_start() {
    let house = House::new().await;
    let place = house.room.ensure(&somebody(), "train").await.unwrap();
    let (tree, _) = work_tree(&house, &place, "main");
    run(&tree, "push --quiet origin main");
    assert!(house.told().await.is_empty());
    house.room.compare_all().await.unwrap();
    assert_eq!(house.told().await.len(), 1);
}

#[tokio::test]
async fn two_comparisons_at_once_tell_once() {
    let house = House::new().await;
    let place = house.room.ensure(&somebody(), "train").await.unwrap();
    let (tree, _) = work_tree(&house, &place, "main");
    run(&tree, "push --quiet origin main");
    let account = account();
    let (a, b) = tokio::join!(
        house.room.compare(&account, "train", None),
        house.room.compare(&account, "train", None)
    );
    assert_eq!(a.unwrap().len() + b.unwrap().len(), 1);
    assert_eq!(house.told().await.len(), 1);
}

#[tokio::test]
async fn versions_are_found_and_checked_out() {
    let house = House::new().await;
    let place = house.room.ensure(&somebody(), "train").await.unwrap();
    let (tree, commit) = work_tree(&house, &place, "trunk");
    run(&tree, "tag -a v1 -m one");
    run(&tree, "push --quiet origin trunk v1");
    house.room.compare(&account(), "train", None).await.unwrap();
    // The default branch follows the first push.
    for version in [None, Some("trunk"), Some("refs/heads/trunk"), Some("v1"), Some(commit.as_str())] {
        assert_eq!(place.resolve(version).await.unwrap(), commit, "{version:?}");
    }
    for version in ["main", "--all", "HEAD~1", "trunk:buildspec.yml", &"0".repeat(40)] {
        assert!(matches!(place.resolve(Some(version)).await, Err(Error::NoVersion { .. })), "{version}");
    }
    assert_eq!(place.file(&commit, "buildspec.yml").await.unwrap(), b"version: 0.2\n");
    assert!(matches!(place.file(&commit, "no").await, Err(Error::NoFile { .. })));
    let into = house.path("with space/source");
    std::fs::create_dir_all(into.join("left over")).unwrap();
    place.checkout(&commit, &into, "http://localhost:4566/git/train.git").await.unwrap();
    assert_eq!(run(&into, "rev-parse HEAD"), commit);
    assert_eq!(run(&into, "remote get-url origin"), "http://localhost:4566/git/train.git");
    assert!(into.join("buildspec.yml").exists() && !into.join("left over").exists());
    let copy = house.path("copy");
    let url = place.path.display().to_string();
    assert_eq!(checkout_foreign((&url, None), Some("trunk"), &copy).await.unwrap(), commit);
}

#[tokio::test]
async fn hooks_do_not_run() {
    let house = House::new().await;
    let place = house.room.ensure(&somebody(), "train").await.unwrap();
    let hook = place.path.join("hooks/pre-receive");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    std::fs::write(&hook, "#!/bin/sh\nexit 1\n").unwrap();
    std::fs::set_permissions(&hook, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let (tree, _) = work_tree(&house, &place, "main");
    run(&tree, "push --quiet origin main");
}

#[tokio::test]
async fn accounts_are_apart() {
    let house = House::new().await;
    house.room.ensure(&somebody(), "train").await.unwrap();
    let other: AccountId = "111122223333".parse().unwrap();
    assert!(matches!(house.room.place(&other, "train").await, Err(Error::NoRepository(_))));
    assert!(matches!(house.room.ensure(&somebody(), "../x").await, Err(Error::BadName(_))));
}

#[tokio::test]
async fn many_small_pushes_are_packed() {
    let house = House::new().await;
    let place = house.room.ensure(&somebody(), "train").await.unwrap();
    let (tree, _) = work_tree(&house, &place, "main");
    // Each push comes as a pack of its own.
    run(&place.path, "config receive.unpackLimit 1");
    run(&place.path, "config core.fsync none");
    for _ in 0..52 {
        run(&tree, "commit --quiet --allow-empty -m more");
        run(&tree, "push --quiet origin main");
    }
    let packs = || {
        let told = run(&place.path, "count-objects -v");
        told.lines().find_map(|line| line.strip_prefix("packs: ")).unwrap().to_owned()
    };
    assert_eq!(packs(), "52");
    let head = run(&place.path, "rev-parse refs/heads/main");
    house.room.tidy().await.unwrap();
    assert_eq!((packs().as_str(), run(&place.path, "rev-parse refs/heads/main")), ("1", head));
    run(&place.path, "fsck --full");
}
