//! Processing and training jobs.

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use super::{Answered, SAGEMAKER, TRAINYARD, logs::Place};
use crate::client::Client;

/// Which kind of job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A processing job.
    Processing,
    /// A training job.
    Training,
}

impl Kind {
    /// All kinds.
    pub(crate) const ALL: [Self; 2] = [Self::Processing, Self::Training];

    /// As the API has it in names of operations and members.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Processing => "ProcessingJob",
            Self::Training => "TrainingJob",
        }
    }

    /// For a person.
    pub(crate) fn shown(self) -> &'static str {
        match self {
            Self::Processing => "processing job",
            Self::Training => "training job",
        }
    }

    /// As it stands in ARNs.
    pub(crate) fn in_arn(self) -> &'static str {
        match self {
            Self::Processing => "processing-job",
            Self::Training => "training-job",
        }
    }
}

/// A job.
#[derive(Clone, Debug)]
pub(crate) struct Job {
    /// Which kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// `InProgress`, `Completed`, `Failed`, `Stopping` or `Stopped`.
    pub status: String,
    /// What it is at, such as `Downloading`.
    pub secondary: Option<String>,
    /// Why it failed.
    pub reason: Option<String>,
    /// When it was made, in seconds since 1970.
    pub created: f64,
}

impl Job {
    /// Whether it has ended.
    pub(crate) fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "Completed" | "Failed" | "Stopped")
    }

    /// Where its log is.
    pub(crate) fn log(&self) -> Place {
        log(self.kind, &self.name)
    }

    fn read(kind: Kind, value: &Value) -> Self {
        let text = |member: &str| value.get(member).and_then(Value::as_str).map(str::to_owned);
        let word = kind.word();
        Self {
            kind,
            name: text(&format!("{word}Name")).unwrap_or_default(),
            status: text(&format!("{word}Status")).unwrap_or_default(),
            secondary: text("SecondaryStatus"),
            reason: text("FailureReason").or_else(|| text("ExitMessage")).filter(|reason| !reason.is_empty()),
            created: value.get("CreationTime").and_then(Value::as_f64).unwrap_or_default(),
        }
    }
}

/// Where the log of a job is.
pub(crate) fn log(kind: Kind, name: &str) -> Place {
    Place { group: format!("/aws/sagemaker/{}s", kind.word()), prefix: format!("{name}/") }
}

/// The jobs that run or wait for room.
pub(crate) async fn running(client: &Client) -> Answered<Vec<Job>> {
    let mut jobs = Vec::new();
    for kind in Kind::ALL {
        let (operation, member) = (format!("List{}s", kind.word()), format!("{}Summaries", kind.word()));
        let input = json!({"StatusEquals": "InProgress"});
        let page: Vec<Value> = SAGEMAKER.all(client, &operation, input, &member).await?;
        jobs.extend(page.iter().map(|value| Job::read(kind, value)));
    }
    jobs.sort_by(|a, b| a.created.total_cmp(&b.created));
    Ok(jobs)
}

/// What the jobs wait for that wait for room, by the names of the jobs; a build's is the last part of its id.
pub(crate) async fn waiting(client: &Client) -> Answered<HashMap<String, String>> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Waiting {
        name: String,
        reason: String,
    }
    let waiting: Vec<Waiting> = TRAINYARD.all(client, "ListWaitingJobs", json!({}), "Jobs").await?;
    Ok(waiting.into_iter().map(|job| (job.name, job.reason)).collect())
}

/// The job of that kind and name.
pub(crate) async fn get(client: &Client, kind: Kind, name: &str) -> Answered<Option<Job>> {
    let word = kind.word();
    let input = json!({format!("{word}Name"): name});
    let answer: Answered<Value> = SAGEMAKER.ask(client, &format!("Describe{word}"), input).await;
    let found = super::there(answer, &["ValidationException", "ResourceNotFound"])?;
    Ok(found.map(|value| Job::read(kind, &value)))
}
