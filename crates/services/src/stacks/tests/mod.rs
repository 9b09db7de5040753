//! The room with the real rooms behind it.

mod buses;
mod schedules;

use std::{collections::BTreeMap, future::Future, path::Path, pin::pin, sync::Arc, task::Poll};

use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};
use trainyard_domain::{Principal, Scope};
use trainyard_drivers::blobs::Disk;
use trainyard_store::Store;

use super::*;
use crate::{
    artifacts::Artifacts,
    builds::{Builds, BuildsConfig, tests::shell::Shell},
    bus::Bus,
    executions::Executions,
    ground::Ground,
    identity::Identity,
    images::Images,
    jobs::{self, Jobs, JobsConfig},
    logs::Logs,
    registry::Registry,
    repositories::{Repositories, RepositoriesConfig},
    schedules::Schedules,
    targets,
    work::{self, Worker},
};

struct House {
    stacks: Stacks,
    there: Arc<Neighbours>,
    ground: Ground,
    scope: Scope,
    by: Principal,
    _directory: tempfile::TempDir,
}

impl House {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let at = |name: &str| directory.path().join(name);
        let ground = Ground::new(Store::in_memory().await.unwrap());
        let g = || ground.clone();
        let identity = Identity::open(g()).await.unwrap();
        let blobs = Arc::new(Disk::open(&at("blobs")).unwrap());
        let images = Images::new(g(), blobs.clone());
        let artifacts = Artifacts::new(g(), blobs);
        let logs = Logs::open(g(), &at("logs")).unwrap();
        let endpoint = "http://127.0.0.1:4566".to_owned();
        let neighbours = jobs::Neighbours {
            driver: Arc::new(Shell::default()),
            images: images.clone(),
            artifacts: artifacts.clone(),
            logs: logs.clone(),
            identity: identity.clone(),
        };
        let jobs =
            Jobs::new(g(), neighbours, JobsConfig { directory: at("jobs"), endpoint: endpoint.clone() });
        let repositories = Repositories::new(g(), RepositoriesConfig::in_directory(at("git")));
        let config = BuildsConfig {
            directory: at("builds"),
            images: at("images"),
            program: "/usr/bin/true".into(),
            endpoint,
            inherited: BTreeMap::new(),
        };
        let builds = Builds::open(g(), repositories, jobs.clone(), config).unwrap();
        let registry = Registry::new(g(), images.clone(), artifacts.clone(), jobs);
        let (bus, executions) = (Bus::new(g()), Executions::new(g(), logs, artifacts.clone()));
        let machines = targets::StateMachine(executions.clone());
        let projects = targets::CodeBuildProject(builds.clone());
        bus.meet(vec![Arc::new(machines), Arc::new(projects)], Vec::new());
        let outside = Arc::new(trainyard_drivers::outside::Http::new(Vec::new()));
        let connections = crate::connections::Connections::new(g(), outside);
        let queues = crate::queues::Queues::new(ground.clone());
        let schedules = Schedules::new(g(), identity.clone());
        let there = Neighbours {
            artifacts,
            builds,
            bus,
            connections,
            executions,
            identity,
            images,
            queues,
            registry,
            schedules,
        };
        let stacks = Stacks::new(g(), there);
        let scope = Scope::default_scope();
        let (there, by) = (Arc::clone(&stacks.there), Principal::root(&scope));
        Self { stacks, there, ground, scope, by, _directory: directory }
    }

    /// With its loop running.
    async fn running() -> (Self, Loop) {
        let house = Self::new().await;
        let guard = house.run();
        (house, guard)
    }

    fn run(&self) -> Loop {
        let stop = CancellationToken::new();
        let act = Arc::new(Act(self.stacks.clone()));
        let task = tokio::spawn(work::run(self.ground.clone(), act, stop.clone()));
        Loop { stop: stop.drop_guard(), task }
    }

    async fn deploy(&self, asked: Deployment) -> Result<Deployed, Error> {
        self.stacks.deploy(&self.scope, &self.by, asked).await
    }

    async fn stack(&self) -> Stack {
        self.stacks.describe(&self.scope, STACK).await.unwrap()
    }

    async fn has_bucket(&self, name: &str) -> bool {
        self.there.artifacts.bucket(&self.scope.account, name).await.is_ok()
    }

    async fn definition(&self, name: &str) -> String {
        let arn = format!("arn:aws:states:us-east-1:000000000000:stateMachine:{name}");
        self.there.executions.describe_machine(&arn).await.unwrap().revision.definition
    }
}

/// The loop, while it runs.
struct Loop {
    stop: DropGuard,
    task: JoinHandle<()>,
}

impl Loop {
    async fn end(self) {
        drop(self.stop);
        self.task.await.unwrap();
    }
}

const STACK: &str = "loop";

fn asked(template: &str) -> Deployment {
    Deployment {
        stack: STACK.to_owned(),
        template: template.to_owned(),
        file: "template.yaml".to_owned(),
        ..Deployment::default()
    }
}

fn with(template: &str, parameters: &[(&str, &str)]) -> Deployment {
    let parameters = parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Deployment { parameters: parameters.collect(), ..asked(template) }
}

/// A template of this repository, with its files.
fn shipped(directory: &str) -> Deployment {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(directory);
    let read = |name: &str| std::fs::read_to_string(root.join(name)).unwrap();
    let template = read("template.yaml");
    let parsed = trainyard_lang::template::Template::parse(template.as_bytes()).unwrap();
    let files = parsed.definition_files().into_iter().map(|file| (file.path.clone(), read(&file.path)));
    let url = ("RepositoryCloneUrl", "http://127.0.0.1:4566/git/loop.git");
    Deployment { definitions: files.collect(), ..with(&template, &[url]) }
}

fn done(deployed: &Deployed) -> Vec<(Action, &str)> {
    deployed.changes.iter().map(|change| (change.action, change.resource.logical_id.as_str())).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_shipped_templates_are_deployed() {
    for directory in ["crates/app/templates/train-and-deploy", "tests/projects/stdlib"] {
        let (house, _guard) = House::running().await;
        let first =
            house.deploy(shipped(directory)).await.unwrap_or_else(|error| panic!("{directory}: {error}"));
        assert_eq!(first.stack.status, Status::CreateComplete, "{:?}", first.stack.reason);
        assert!(first.changes.iter().all(|change| change.action == Action::Create));
        let rules = house.there.bus.list_rules(&house.scope, (None, ""), 50, None).await.unwrap().0;
        assert_eq!(rules.len(), 2);
        assert!(rules.iter().all(|rule| rule.name.starts_with("loop-") && rule.targets.len() == 1));
        let outputs: BTreeMap<_, _> =
            first.stack.outputs.iter().map(|output| (output.name.as_str(), output.value.as_str())).collect();
        let project = house.there.builds.project(&house.scope, outputs["BuildProject"]).await.unwrap();
        assert!(project.webhook.is_some());
        assert!(outputs["RepositoryUri"].starts_with("000000000000.dkr.ecr.us-east-1.amazonaws.com/"));
        assert!(house.has_bucket(outputs["BucketName"]).await);
        let machine = house.there.executions.describe_machine(outputs["TrainStateMachineArn"]).await.unwrap();
        assert!(!machine.revision.definition.contains("${"), "{}", machine.revision.definition);
        // Deploying again changes nothing; deploying without parameters keeps the values there were.
        let again = Deployment { parameters: BTreeMap::new(), ..shipped(directory) };
        let again = house.deploy(again).await.unwrap();
        assert_eq!((done(&again), again.stack.deployments), (vec![], 1));
        let other =
            Deployment { parameters: with("", &[("MseThreshold", "1")]).parameters, ..shipped(directory) };
        let other = house.deploy(other).await.unwrap();
        assert_eq!(done(&other), [(Action::Update, "TrainStateMachine")]);
        assert_eq!(other.stack.status, Status::UpdateComplete);
    }
}

const SMALL: &str = r#"
Parameters:
  Word: {Type: String, Default: one}
  Bus: {Type: String, Default: default}
Resources:
  Data: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub "data-${Word}"}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      AssumeRolePolicyDocument: {Statement: {Effect: Allow, Principal: {Service: [events.amazonaws.com, states.amazonaws.com]}, Action: "sts:AssumeRole"}}
  Machine:
    Type: AWS::StepFunctions::StateMachine
    Properties:
      StateMachineName: machine
      RoleArn: !GetAtt Role.Arn
      DefinitionString: '{"StartAt": "A", "States": {"A": {"Type": "Pass", "Result": "${Word}", "End": true}}}'
      DefinitionSubstitutions: {Word: !Ref Word}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: {source: [me]}
      Targets: [{Id: one, Arn: !Ref Machine, RoleArn: !GetAtt Role.Arn}]
Outputs:
  Bucket: {Value: !Ref Data}
"#;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_update_replaces_changes_and_removes() {
    let (house, _guard) = House::running().await;
    house.deploy(asked(SMALL)).await.unwrap();
    let two = house.deploy(with(SMALL, &[("Word", "two")])).await.unwrap();
    let expect = [(Action::Replace, "Data"), (Action::Update, "Machine"), (Action::Delete, "Data")];
    assert_eq!(done(&two), expect);
    assert!(house.has_bucket("data-two").await && !house.has_bucket("data-one").await);
    assert!(house.definition("machine").await.contains("two"));
    assert_eq!(two.stack.outputs[0].value, "data-two");
    let without = SMALL
        .replace("  Data: {Type: AWS::S3::Bucket, Properties: {BucketName: !Sub \"data-${Word}\"}}\n", "");
    let without = without.replace("!Ref Data", "none");
    let gone = house.deploy(asked(&without)).await.unwrap();
    assert_eq!(done(&gone), [(Action::Delete, "Data")]);
    assert!(!house.has_bucket("data-two").await);
    assert_eq!(house.stack().await.parameters["Word"], "two");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_update_brings_back_what_was_there() {
    let (house, _guard) = House::running().await;
    let before = house.deploy(asked(SMALL)).await.unwrap().stack;
    // There is no such bus, which only the step itself finds out.
    let failed = house.deploy(with(SMALL, &[("Word", "two"), ("Bus", "nowhere")])).await.unwrap().stack;
    assert_eq!(failed.status, Status::UpdateRollbackComplete);
    let reason = failed.reason.unwrap();
    assert!(reason.starts_with("Rule (AWS::Events::Rule): ") && reason.contains("nowhere"), "{reason}");
    assert_eq!((failed.resources, failed.outputs), (before.resources, before.outputs));
    assert!(house.has_bucket("data-one").await && !house.has_bucket("data-two").await);
    assert!(house.definition("machine").await.contains("one"));
    let well = house.deploy(with(SMALL, &[("Word", "three")])).await.unwrap().stack;
    assert_eq!((well.status, well.reason), (Status::UpdateComplete, None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_stack_that_fails_leaves_nothing() {
    let (house, _guard) = House::running().await;
    let failed = house.deploy(with(SMALL, &[("Bus", "nowhere")])).await.unwrap().stack;
    assert_eq!((failed.status, failed.resources.len()), (Status::RollbackComplete, 0));
    assert!(!house.has_bucket("data-one").await);
    // The next deployment begins anew.
    let well = house.deploy(asked(SMALL)).await.unwrap().stack;
    assert_eq!(well.status, Status::CreateComplete);
    assert_ne!(well.id, failed.id);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_somebody_elses_is_not_touched() {
    let (house, _guard) = House::running().await;
    house.there.artifacts.create_bucket(&house.scope, "data-one").await.unwrap();
    let error = house.deploy(asked(SMALL)).await.unwrap_err().to_string();
    assert!(error.starts_with("template.yaml:6:") && error.contains("data-one already exists"), "{error}");
    assert!(matches!(house.stacks.describe(&house.scope, STACK).await, Err(Error::NoStack(_))));
}

#[tokio::test]
async fn a_dry_run_does_nothing() {
    let house = House::new().await;
    let planned = house.deploy(Deployment { dry_run: true, ..asked(SMALL) }).await.unwrap();
    assert_eq!(planned.changes.len(), 4);
    assert!(!house.has_bucket("data-one").await);
}

#[tokio::test]
async fn everything_that_is_wrong_is_said_at_once_with_its_place() {
    let house = House::new().await;
    let template = r#"
Resources:
  Topic: {Type: AWS::SNS::Topic}
  Data:
    Type: AWS::S3::Bucket
    Properties:
      BucketName: x
      BucketEncryption: {}
  Project:
    Type: AWS::CodeBuild::Project
    Properties:
      Source: {Type: NO_SOURCE, Auth: {}}
"#;
    let error = house.deploy(asked(template)).await.unwrap_err().to_string();
    let lines: Vec<_> = error.lines().collect();
    assert_eq!(lines.len(), 3, "{error}");
    assert!(lines[0].starts_with("template.yaml:3:3: ") && lines[0].contains("`AWS::SNS::Topic`"), "{error}");
    assert!(lines[1].starts_with("template.yaml:8:7: ") && lines[1].contains("`BucketEncryption` of `Data`"));
    assert!(lines[2].starts_with("template.yaml:12:33: ") && lines[2].contains("`Auth` of `Project`"));
    let wrong = |resources: &str, at: &str, part: &str| {
        let (asked, at, part) = (asked(&format!("Resources:\n{resources}")), at.to_owned(), part.to_owned());
        let house = &house;
        async move {
            let error = house.deploy(asked).await.unwrap_err().to_string();
            assert!(error.starts_with(&format!("template.yaml:{at}: ")) && error.contains(&part), "{error}");
        }
    };
    let rule = "  Rule:\n    Type: AWS::Events::Rule\n    Properties:\n      EventPattern: {source: me}\n";
    wrong(rule, "5:7", "Event pattern").await;
    let machine = "  M:\n    Type: AWS::StepFunctions::StateMachine\n    Properties:\n      RoleArn: arn:aws:iam::000000000000:role/r\n      Definition: {StartAt: A, States: {}}\n";
    wrong(machine, "6:19", "A").await;
    let uri = "  M:\n    Type: AWS::Serverless::StateMachine\n    Properties:\n      Role: arn:aws:iam::000000000000:role/r\n      DefinitionUri: m.json\n";
    let template = format!("Transform: AWS::Serverless-2016-10-31\nResources:\n{uri}");
    let text = "{\n  \"StartAt\": \"A\",\n  \"States\": {\n    \"A\": {\"Type\": \"Pass\", \"End\": \"yes\"}\n  }\n}";
    let definitions = BTreeMap::from([("m.json".to_owned(), text.to_owned())]);
    let error = house.deploy(Deployment { definitions, ..asked(&template) }).await.unwrap_err().to_string();
    assert!(error.starts_with("m.json:4:"), "{error}");
    let project = "  P:\n    Type: AWS::CodeBuild::Project\n    Properties:\n      ServiceRole: arn:aws:iam::000000000000:role/r\n      Artifacts: {Type: NO_ARTIFACTS}\n      Source: {Type: S3, Location: x}\n      Environment: {Type: LINUX_CONTAINER, ComputeType: BUILD_GENERAL1_SMALL, Image: aws/codebuild/standard:7.0}\n";
    wrong(project, "5:7", "source.type S3").await;
    let role = "  R:\n    Type: AWS::IAM::Role\n    Properties:\n      AssumeRolePolicyDocument: {}\n";
    wrong(role, "5:7", "Statement").await;
}

/// Polls a future until the store has taken so many commits since, and then drops it, as a crash would.
async fn cut(future: impl Future, store: &Store, commits: u64) -> bool {
    let mut future = pin!(future);
    let begun = store.stats().commits;
    std::future::poll_fn(move |context| {
        if store.stats().commits - begun >= commits {
            return Poll::Ready(false);
        }
        future.as_mut().poll(context).map(|_| true)
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crash_at_any_point_is_gone_on_from() {
    for (bus, expect) in [("default", Status::UpdateComplete), ("nowhere", Status::UpdateRollbackComplete)] {
        let mut commits = 0;
        loop {
            let house = House::new().await;
            let first = house.run();
            house.deploy(asked(SMALL)).await.unwrap();
            first.end().await;
            let asked = with(SMALL, &[("Word", "two"), ("Bus", bus)]);
            let deployed = tokio::spawn({
                let (stacks, scope, by) = (house.stacks.clone(), house.scope.clone(), house.by.clone());
                async move { stacks.deploy(&scope, &by, asked).await }
            });
            let hint = house.ground.store.hint("stacks");
            while house.stack().await.plan.is_none() {
                hint.notified().await;
            }
            let item = house.ground.store.due("stacks", house.ground.now(), 9).await.unwrap().remove(0);
            let whole = cut(Act(house.stacks.clone()).work(&item), &house.ground.store, commits).await;
            let _guard = house.run();
            let stack = deployed.await.unwrap().unwrap().stack;
            assert_eq!(stack.status, expect, "{commits} commits: {:?}", stack.reason);
            let there = (house.has_bucket("data-one").await, house.has_bucket("data-two").await);
            assert_eq!(there, (bus == "nowhere", bus == "default"), "{commits} commits");
            if whole {
                break;
            }
            commits += 1;
        }
        assert!(commits > 2, "there is something to be cut");
    }
}
