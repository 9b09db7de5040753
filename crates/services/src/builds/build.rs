//! A build as it is remembered.

use serde::{Deserialize, Serialize};
use trainyard_domain::{Arn, Principal, Scope, Timestamp};
use trainyard_store::{Keys, Noun};

use super::{Environment, Source};

/// A build.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Build {
    /// Where.
    pub scope: Scope,
    /// `<project>:<uuid>`.
    pub id: String,
    /// The project's name.
    pub project: String,
    /// Its number among the project's builds, from 1.
    pub number: u64,
    /// How far it is.
    pub stage: Stage,
    /// How it is, or ended.
    pub status: Status,
    /// Whether it is to end before its end.
    pub stop: bool,
    /// What is built.
    pub source: Source,
    /// The version asked for.
    pub source_version: Option<String>,
    /// The commit.
    pub resolved: Option<String>,
    /// What it is built in, with the variables of the request.
    pub environment: Environment,
    /// The role that it acts as.
    pub service_role: Arn,
    /// After which it is stopped.
    pub timeout_in_minutes: u32,
    /// Where its lines go.
    pub log_group: String,
    /// Who started it, as CodeBuild writes it.
    pub initiator: String,
    /// The push or pull request that started it.
    pub trigger: Option<Trigger>,
    /// Who acts.
    pub principal: Principal,
    /// When it was asked for.
    pub created: Timestamp,
    /// When it was taken up.
    pub taken_up: Option<Timestamp>,
    /// When its source was there.
    pub fetched: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Its phases, complete when it has ended.
    pub phases: Vec<Phase>,
    /// The variables that it tells.
    pub exported: Vec<(String, String)>,
}

/// How far a build is. It never goes back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Stage {
    /// It waits to be taken up.
    Queued,
    /// Its source is fetched.
    Fetching,
    /// Its source and its script are there: its job is to be made.
    Ready,
    /// Its job is there.
    Running,
    /// It is over.
    Over,
}

/// CodeBuild's words for how a build or a phase is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum Status {
    /// It goes on.
    InProgress,
    /// Well.
    Succeeded,
    /// Its own fault.
    Failed,
    /// Ours.
    Fault,
    /// Its time was over.
    TimedOut,
    /// Somebody stopped it.
    Stopped,
}

/// A phase of a build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Phase {
    /// CodeBuild's name for it.
    pub name: String,
    /// How it is; `COMPLETED` has none.
    pub status: Option<Status>,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Why it failed: CodeBuild's code and the explanation.
    pub context: Option<(String, String)>,
}

/// The push or pull request that started a build.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Trigger {
    /// What CodeBuild calls it.
    #[serde(default = "push")]
    pub event: String,
    /// The full name of the ref that moved, or that is to be merged.
    pub head_ref: String,
    /// The full name of the ref that it is to be merged into.
    #[serde(default)]
    pub base_ref: Option<String>,
    /// The pull request's number.
    #[serde(default)]
    pub pull_request: Option<u64>,
    /// The commit before.
    pub before: Option<String>,
    /// The account of who pushed.
    pub actor: Option<String>,
}

fn push() -> String {
    "PUSH".to_owned()
}

impl Build {
    /// Its ARN.
    pub fn arn(&self) -> Arn {
        arn(&self.scope, &self.id)
    }

    /// The UUID in its id: the name of its job, its directory and its log stream.
    pub fn uuid(&self) -> &str {
        self.id.rsplit(':').next().unwrap_or_default()
    }

    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        self.stage == Stage::Over
    }
}

impl Phase {
    /// A phase that has gone well.
    pub(super) fn done(name: &str, started: Timestamp, ended: Timestamp) -> Self {
        let (name, status) = (name.to_owned(), Some(Status::Succeeded));
        Self { name, status, started, ended: Some(ended), context: None }
    }

    /// A phase under way.
    pub(super) fn open(name: &str, started: Timestamp) -> Self {
        Self { name: name.to_owned(), status: Some(Status::InProgress), started, ended: None, context: None }
    }
}

/// The ARN of the build of that id.
pub(super) fn arn(scope: &Scope, id: &str) -> Arn {
    Arn::new("codebuild", scope, format!("build/{id}"))
}

impl Noun for Build {
    const KIND: &'static str = "build";

    fn scope(&self) -> String {
        self.scope.to_string()
    }

    fn id(&self) -> String {
        self.id.clone()
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add(CREATED, created_value("", self));
        keys.add(PROJECT_CREATED, created_value(&format!("{}:", self.project), self));
    }
}

/// The index key of all builds by time.
pub(super) const CREATED: &str = "created";
/// The index key of a project's builds by time: the values begin with `<project>:`.
pub(super) const PROJECT_CREATED: &str = "project-created";

fn created_value(before: &str, build: &Build) -> String {
    format!("{before}{:019}/{:012}", build.created.millis().max(0), build.number)
}
