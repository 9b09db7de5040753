//! A job as it is remembered.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trainyard_domain::{
    Arn, Principal, Scope, Timestamp,
    content::Digest,
    image::Image,
    job::{Exit, JobId},
};
use trainyard_store::{Keys, Noun};

use super::{metrics::Metric, plan::Plan};
use crate::ground::scope_key;

/// What kind of request a job came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    /// CreateTrainingJob.
    Training,
    /// CreateProcessingJob.
    Processing,
    /// The run of a build.
    Build,
}

impl Kind {
    /// The act of asking for one, in IAM's words.
    pub fn action(self) -> &'static str {
        match self {
            Self::Training => "sagemaker:CreateTrainingJob",
            Self::Processing => "sagemaker:CreateProcessingJob",
            Self::Build => "codebuild:StartBuild",
        }
    }
}

/// A job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Job {
    /// The id that the driver knows it by.
    pub id: JobId,
    /// What kind.
    pub kind: Kind,
    /// Where.
    pub scope: Scope,
    /// Its name, unique among its kind in its scope.
    pub name: String,
    /// Its ARN.
    pub arn: Arn,
    /// The request, as it is shown again.
    pub request: Value,
    /// Who asked.
    pub principal: Principal,
    /// The task token that it was asked for with: the same token gets the same job.
    pub token: Option<String>,
    /// What is to be done.
    pub plan: Plan,
    /// How far it is.
    pub phase: Phase,
    /// Whether, and why, it is to be ended before its end.
    pub stop: Option<Stop>,
    /// The image, once it is found.
    pub image: Option<Image>,
    /// What its data was, once it is there.
    pub inputs: Vec<InputDigest>,
    /// When it was asked for.
    pub created: Timestamp,
    /// When its program started.
    pub started: Option<Timestamp>,
    /// When its program ended.
    pub ended: Option<Timestamp>,
    /// When it last moved.
    pub modified: Timestamp,
    /// All its moves: into which phase, and when.
    #[serde(default)]
    pub moves: Vec<(Phase, Timestamp)>,
    /// How its program ended.
    pub exit: Option<Exit>,
    /// Whether its outputs are where they were wanted.
    #[serde(default)]
    pub kept: bool,
    /// Why it failed.
    pub failure: Option<String>,
    /// The last value of each metric that it printed.
    #[serde(default)]
    pub metrics: Vec<Metric>,
    /// What the job itself left to say.
    pub message: Option<String>,
}

/// How far a job is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Phase {
    /// Its image is looked for.
    Starting,
    /// Its data is fetched.
    Downloading,
    /// Its program runs, or waits for room.
    Running,
    /// Its results are kept.
    Uploading,
    /// It is over.
    Ended(End),
}

/// How a job is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// Well.
    Completed,
    /// Not well: [`Job::failure`] says why.
    Failed,
    /// Before its end, by [`Job::stop`].
    Stopped,
}

/// Why a job is ended before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Stop {
    /// Somebody asked.
    Asked,
    /// Its time was over.
    Limit,
}

/// What an input was: the digest over the names and digests of its objects, in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputDigest {
    /// The channel's or input's name.
    pub name: String,
    /// Where it came from.
    pub uri: String,
    /// The digest.
    pub digest: Digest,
    /// How many objects.
    pub objects: u64,
}

impl Phase {
    /// Whether the job may move from here to `next`. It never moves back, and nothing follows its end.
    pub fn may_become(self, next: Self) -> bool {
        let rank = |phase: Self| match phase {
            Self::Starting => 0,
            Self::Downloading => 1,
            Self::Running => 2,
            Self::Uploading => 3,
            Self::Ended(_) => 4,
        };
        rank(next) > rank(self)
    }
}

impl Job {
    /// Whether it is over.
    pub fn is_over(&self) -> bool {
        matches!(self.phase, Phase::Ended(_))
    }

    /// The stream of its lines: SageMaker's and CodeBuild's own naming.
    pub fn log_stream(&self) -> String {
        match self.kind {
            Kind::Training | Kind::Processing => {
                format!("{}/algo-1-{}", self.name, self.created.millis() / 1000)
            }
            Kind::Build => self.name.clone(),
        }
    }
}

/// The kind stands before the name, so that the names of different kinds do not meet. Names that differ in case only are
/// one, as they are in ARNs.
pub(super) fn document_id(kind: Kind, name: &str) -> String {
    format!("{kind:?}/{}", name.to_lowercase())
}

impl Noun for Job {
    const KIND: &'static str = "job";

    fn scope(&self) -> String {
        scope_key(&self.scope)
    }

    fn id(&self) -> String {
        document_id(self.kind, &self.name)
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add("arn", self.arn.to_string());
        keys.add(created_key(self.kind), created_value(self.created, &self.name));
        if !self.is_over() {
            keys.add(OPEN_KEY, self.name.clone());
        }
    }
}

/// The index key of the jobs that are not over.
pub(super) const OPEN_KEY: &str = "open";

/// The index key that lists one kind of job by creation.
pub(super) fn created_key(kind: Kind) -> &'static str {
    match kind {
        Kind::Training => "training-created",
        Kind::Processing => "processing-created",
        Kind::Build => "build-created",
    }
}

fn created_value(created: Timestamp, name: &str) -> String {
    format!("{:019}/{name}", created.millis().max(0))
}
