//! The room in a small house: real repositories, real jobs, a shell that really runs.

mod credentials;
mod house;
pub(crate) mod shell;

use trainyard_domain::{Event, Principal, Scope, Timestamp, principal::Lineage};

use super::*;
use crate::{
    bus::{Delivery, Target},
    targets::CodeBuildProject,
};
use build::{Build, Stage};
use house::{House, PROJECT, push, request};

/// A build to begin tests with.
pub(crate) fn a_build() -> Build {
    let scope = Scope::default_scope();
    Build {
        id: format!("{PROJECT}:uuid"),
        project: PROJECT.to_owned(),
        number: 1,
        stage: Stage::Queued,
        status: Status::InProgress,
        stop: false,
        source: Source::default(),
        source_version: None,
        resolved: None,
        environment: Environment::default(),
        service_role: "arn:aws:iam::000000000000:role/build".parse().unwrap(),
        timeout_in_minutes: 60,
        log_group: "/aws/codebuild/train".to_owned(),
        initiator: "admin".to_owned(),
        trigger: None,
        principal: Principal::root(&scope),
        created: Timestamp(0),
        taken_up: None,
        fetched: None,
        ended: None,
        phases: Vec::new(),
        exported: Vec::new(),
        scope,
    }
}

const GOOD: &str = r#"version: 0.2
env:
  variables: {LEVEL: spec, ONLY: spec}
  exported-variables: [IMAGE]
phases:
  pre_build:
    commands:
      - export IMAGE="repo:$CODEBUILD_RESOLVED_SOURCE_VERSION"
  build:
    commands:
      - cp data.txt "$OUT/data"
      - env > "$OUT/env"
      - git rev-parse HEAD > "$OUT/head"
      - git remote get-url origin > "$OUT/origin"
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_is_built() {
    let mut house = House::new().await;
    house.project(request()).await;
    house.webhook("^refs/heads/main$").await;
    let commit = push(&house, "main", &[("buildspec.yml", GOOD), ("data.txt", "7")]);
    house.compare().await;
    let build = house.ended().await;
    assert_eq!((build.status, build.number), (Status::Succeeded, 1), "{build:#?}");
    assert_eq!(build.resolved.as_deref(), Some(commit.as_str()));
    assert_eq!(build.exported, [("IMAGE".to_owned(), format!("repo:{commit}"))]);
    let out = |name: &str| std::fs::read_to_string(house.out().join(name)).unwrap();
    assert_eq!((out("data").as_str(), out("head").trim()), ("7", commit.as_str()));
    assert_eq!(out("origin").trim(), "http://127.0.0.1:4566/git/train.git");
    let env = out("env");
    for line in [
        "LEVEL=project",
        "ONLY=spec",
        "CODEBUILD_WEBHOOK_TRIGGER=branch/main",
        "CODEBUILD_WEBHOOK_EVENT=PUSH",
        "CODEBUILD_BUILD_NUMBER=1",
        &format!("CODEBUILD_BUILD_ID={}", build.id),
        "AWS_ENDPOINT_URL=http://127.0.0.1:4566",
    ] {
        assert!(env.lines().any(|found| found == line), "{line} is not in\n{env}");
    }
    // Who acts in the build is known, down to the commit.
    let value = |name: &str| env.lines().find_map(|line| line.strip_prefix(&format!("{name}="))).unwrap();
    let token = value("AWS_SESSION_TOKEN");
    let who = house.identity.credential(value("AWS_ACCESS_KEY_ID"), Some(token)).await.unwrap().principal;
    assert_eq!(who.role, Some(build.service_role.clone()));
    let expect = Lineage {
        commit: Some(commit),
        repository: Some("train".to_owned()),
        build: Some(build.arn().to_string()),
        ..who.lineage.clone()
    };
    assert_eq!(who.lineage, expect);
    let names: Vec<_> = build.phases.iter().map(|phase| phase.name.as_str()).collect();
    let all = "SUBMITTED QUEUED PROVISIONING DOWNLOAD_SOURCE INSTALL PRE_BUILD BUILD POST_BUILD UPLOAD_ARTIFACTS FINALIZING COMPLETED";
    assert_eq!(names.join(" "), all);
    // What was told: that it began, and how it ended. Values of variables are not among it.
    let told = house.told();
    assert_eq!(
        told.iter().map(|event| event.detail["build-status"].as_str().unwrap()).collect::<Vec<_>>(),
        ["IN_PROGRESS", "SUCCEEDED"]
    );
    assert!(!serde_json::to_string(&told).unwrap().contains("\"LEVEL\",\"value\""));
    let phases = "CodeBuild Build Phase Change";
    while house.told_as(phases).len() < names.len() - 1 {
        house.next(|event| event.detail_type == phases).await;
    }
    let told = |name: &&str| {
        let told = house.told_as(phases).into_iter().filter(|event| event.detail["completed-phase"] == *name);
        told.map(|event| event.detail["completed-phase-status"].clone()).collect::<Vec<_>>()
    };
    let ended: Vec<&str> = names.iter().copied().filter(|name| told(name) == ["SUCCEEDED"]).collect();
    assert_eq!(ended.join(" "), all.trim_end_matches(" COMPLETED"), "each is told once");
    assert!(!house.clear(&build).await.exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_heard_of_again_starts_nothing() {
    let mut house = House::new().await;
    house.project(request()).await;
    house.webhook("refs/heads/").await;
    push(&house, "main", &[("buildspec.yml", "version: 0.2\nphases: {build: {commands: ['true']}}\n")]);
    house.compare().await;
    let build = house.ended().await;
    let event = house.push_told();
    use crate::bus::Listener;
    Pushes(house.builds.clone()).hear(&event).await.unwrap();
    let deleted = Event {
        id: "other".to_owned(),
        detail: serde_json::json!({"repository": "train", "ref": "refs/heads/main"}),
        ..event
    };
    Pushes(house.builds.clone()).hear(&deleted).await.unwrap();
    let (ids, _) = house.builds.list(&build.scope, Some(PROJECT), false, None).await.unwrap();
    assert_eq!(ids, [build.id]);
}

/// What a push changed is read from the repository.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_push_is_built_for_what_it_changed() {
    let mut house = House::new().await;
    house.project(request()).await;
    let filter = |kind: &str, pattern: &str, exclude_matched_pattern| Filter {
        kind: kind.to_owned(),
        pattern: pattern.to_owned(),
        exclude_matched_pattern,
    };
    let groups = vec![vec![filter("EVENT", "PUSH", false), filter("FILE_PATH", "^data", false)]];
    let scope = Scope::default_scope();
    house.builds.put_webhook(&scope, &Principal::root(&scope), PROJECT, Some(groups)).await.unwrap();
    push(&house, "main", &[("buildspec.yml", "version: 0.2\nphases: {build: {commands: ['true']}}\n")]);
    house.compare().await;
    push(&house, "main", &[("other.txt", "1")]);
    house.compare().await;
    let commit = push(&house, "main", &[("data.txt", "1")]);
    house.compare().await;
    assert_eq!(house.ended().await.resolved, Some(commit));
    // By the message, and for a branch that is new.
    let groups = vec![vec![filter("EVENT", "PUSH", false), filter("COMMIT_MESSAGE", ".", false)]];
    house.builds.put_webhook(&scope, &Principal::root(&scope), PROJECT, Some(groups)).await.unwrap();
    let commit = push(&house, "main:new", &[("more.txt", "1")]);
    house.compare().await;
    assert_eq!(house.ended().await.resolved, Some(commit));
    assert_eq!(house.builds.list(&scope, Some(PROJECT), false, None).await.unwrap().0.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failing_command_is_named() {
    let mut house = House::new().await;
    house.project(request()).await;
    let spec = "version: 0.2\nphases:\n  pre_build:\n    commands: ['sh -c \"exit 7\"']\n  build:\n    commands: ['touch \"$OUT/never\"']\n";
    push(&house, "main", &[("buildspec.yml", spec)]);
    house
        .start(StartRequest {
            project_name: PROJECT.to_owned(),
            source_version: Some("main".to_owned()),
            ..StartRequest::default()
        })
        .await;
    let build = house.ended().await;
    assert_eq!(build.status, Status::Failed);
    let failed = build.phases.iter().find(|phase| phase.status == Some(Status::Failed)).unwrap();
    let (code, why) = failed.context.clone().unwrap();
    assert_eq!((failed.name.as_str(), code.as_str()), ("PRE_BUILD", "COMMAND_EXECUTION_ERROR"));
    assert_eq!(why, "Error while executing command: sh -c \"exit 7\". Reason: exit status 7");
    assert!(!house.out().join("never").exists());
    assert_eq!(build.initiator, "root");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_wrong_with_a_source_fails_its_download() {
    let mut house = House::new().await;
    house.project(request()).await;
    push(&house, "main", &[("bad.yml", "version: 0.2\nphases:\n  build:\n    comands: []\n"), ("x", "")]);
    std::os::unix::fs::symlink("/etc/hostname", house.tree().join("link.yml")).unwrap();
    push(&house, "main", &[("y", "")]);
    let at = |version: &str, spec: &str| StartRequest {
        project_name: PROJECT.to_owned(),
        source_version: Some(version.to_owned()),
        buildspec_override: Some(spec.to_owned()),
        ..StartRequest::default()
    };
    for (request, code, part) in [
        (at("main", "none.yml"), "YAML_FILE_ERROR", "does not exist: none.yml"),
        (at("main", "bad.yml"), "YAML_FILE_ERROR", "bad.yml:4:"),
        (at("main", "link.yml"), "YAML_FILE_ERROR", "not in the source"),
        (at("main", "../../x.yml"), "YAML_FILE_ERROR", "does not exist"),
        (at("no-such-branch", "bad.yml"), "CLIENT_ERROR", "no-such-branch"),
    ] {
        house.start(request).await;
        let build = house.ended().await;
        let failed = build.phases.iter().find(|phase| phase.status == Some(Status::Failed)).unwrap();
        let (found, why) = failed.context.clone().unwrap();
        assert_eq!((failed.name.as_str(), found.as_str()), ("DOWNLOAD_SOURCE", code));
        assert!(why.contains(part), "{why}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_is_stopped() {
    let mut house = House::new().await;
    let pipe = house.pipe();
    let spec = "version: 0.2\nphases:\n  build:\n    commands: ['echo > \"$OUT/begun\"', 'sleep 600']\n";
    let source =
        Source { kind: "NO_SOURCE".to_owned(), buildspec: Some(spec.to_owned()), ..Source::default() };
    house.project(ProjectRequest { source: Some(source), ..request() }).await;
    let build =
        house.start(StartRequest { project_name: PROJECT.to_owned(), ..StartRequest::default() }).await;
    tokio::task::spawn_blocking(move || std::fs::read(pipe).unwrap()).await.unwrap();
    let scope = Scope::default_scope();
    house.builds.stop(&scope, &Principal::root(&scope), &build.id).await.unwrap();
    let build = house.ended().await;
    assert_eq!(build.status, Status::Stopped);
    assert_eq!(build.phases.iter().find(|p| p.status == Some(Status::Stopped)).unwrap().name, "BUILD");
    // Once more changes nothing.
    assert_eq!(house.builds.stop(&scope, &Principal::root(&scope), &build.id).await.unwrap(), build);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_delivery_that_comes_again_starts_nothing() {
    let mut house = House::new().await;
    let spec = "version: 0.2\nphases: {build: {commands: ['true']}}\n";
    let source =
        Source { kind: "NO_SOURCE".to_owned(), buildspec: Some(spec.to_owned()), ..Source::default() };
    let project = house.project(ProjectRequest { source: Some(source), ..request() }).await;
    let scope = Scope::default_scope();
    let delivery = Delivery {
        group: None,
        id: house.ground.uuid(),
        rule: "arn:aws:events:us-east-1:000000000000:rule/nightly".parse().unwrap(),
        target: project.arn(),
        role: Some("arn:aws:iam::000000000000:role/start".parse().unwrap()),
        event: house.some_event(),
        input: None,
        http: None,
        scope: scope.clone(),
    };
    let target = CodeBuildProject(house.builds.clone());
    assert!(target.takes(&delivery.target));
    target.deliver(&delivery).await.unwrap();
    target.deliver(&delivery).await.unwrap();
    let build = house.ended().await;
    assert_eq!((build.initiator.as_str(), build.uuid()), ("rule/nightly", delivery.id.as_str()));
    target.deliver(&delivery).await.unwrap();
    assert_eq!(house.builds.list(&scope, None, false, None).await.unwrap().0.len(), 1);
}

#[tokio::test]
async fn what_cannot_be_honoured_is_refused_by_name() {
    let house = House::new().await;
    let scope = Scope::default_scope();
    let check = |change: &dyn Fn(&mut ProjectRequest), part: &str| {
        let mut request = request();
        change(&mut request);
        let error = house.builds.new_project(&scope, request).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    };
    let environment = |change: fn(&mut Environment)| {
        move |request: &mut ProjectRequest| change(request.environment.as_mut().unwrap())
    };
    check(&environment(|e| e.image = "python:3.12".to_owned()), "`python:3.12`");
    check(&environment(|e| e.kind = "WINDOWS_CONTAINER".to_owned()), "WINDOWS_CONTAINER");
    check(&environment(|e| e.compute_type = "BUILD_LAMBDA_1GB".to_owned()), "BUILD_LAMBDA_1GB");
    check(
        &environment(|e| e.environment_variables[0].kind = "SECRETS_MANAGER".to_owned()),
        "SECRETS_MANAGER",
    );
    check(&environment(|e| e.environment_variables[0].name = "CODEBUILD_X".to_owned()), "CODEBUILD_X");
    check(&|r| r.name = "a b".to_owned(), "`a b`");
    check(&|r| r.timeout_in_minutes = Some(1), "timeoutInMinutes");
    check(&|r| r.service_role = Some("role".to_owned()), "`role`");
    check(
        &|r| r.service_role = Some("arn:aws:iam::111122223333:role/x".to_owned()),
        "Cross-account pass role",
    );
    check(&|r| r.artifacts = Some(Artifacts { kind: "S3".to_owned() }), "artifacts.type S3");
    check(&|r| r.source = None, "`source`");
}
