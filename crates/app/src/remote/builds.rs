//! Builds.

use serde::Deserialize;
use serde_json::json;

use super::{Answered, CODEBUILD, logs::Place};
use crate::client::Client;

/// How many builds one BatchGetBuilds takes.
/// <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_BatchGetBuilds.html>
const BATCH: usize = 100;

/// A build.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Build {
    /// `<project>:<uuid>`.
    pub id: String,
    /// `IN_PROGRESS`, `SUCCEEDED`, `FAILED`, `FAULT`, `STOPPED` or `TIMED_OUT`.
    pub build_status: String,
    /// The phase that goes on, or `COMPLETED`.
    pub current_phase: Option<String>,
    /// When it began, in seconds since 1970.
    pub start_time: Option<f64>,
    /// When it ended.
    pub end_time: Option<f64>,
    /// What was asked for: a branch or a commit.
    pub source_version: Option<String>,
    /// The commit.
    pub resolved_source_version: Option<String>,
    /// The project.
    pub project_name: String,
    #[serde(default)]
    phases: Vec<Phase>,
    logs: Option<Logs>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Phase {
    phase_type: String,
    phase_status: Option<String>,
    #[serde(default)]
    contexts: Vec<PhaseContext>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct PhaseContext {
    message: Option<String>,
}

#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Logs {
    group_name: Option<String>,
    stream_name: Option<String>,
}

impl Build {
    /// Whether it has ended.
    pub(crate) fn is_over(&self) -> bool {
        self.build_status != "IN_PROGRESS"
    }

    /// The commit that it builds.
    pub(crate) fn commit(&self) -> Option<&str> {
        self.resolved_source_version.as_deref().or(self.source_version.as_deref())
    }

    /// Where its log is.
    pub(crate) fn log(&self) -> Place {
        let said = self.logs.clone();
        let (group, stream) = said.map_or((None, None), |logs| (logs.group_name, logs.stream_name));
        Place {
            group: group.unwrap_or_else(|| format!("/aws/codebuild/{}", self.project_name)),
            prefix: stream.unwrap_or_else(|| super::last(&self.id).to_owned()),
        }
    }

    /// The phase that failed, and why.
    pub(crate) fn reason(&self) -> Option<String> {
        let failed = self.phases.iter().find(|phase| {
            phase.phase_status.as_deref().is_some_and(|status| !matches!(status, "SUCCEEDED" | "IN_PROGRESS"))
        })?;
        let message = failed.contexts.iter().find_map(|context| context.message.clone());
        Some(match message.filter(|message| !message.is_empty()) {
            Some(message) => format!("{}: {message}", failed.phase_type),
            None => failed.phase_type.clone(),
        })
    }
}

/// The build of that id.
pub(crate) async fn get(client: &Client, id: &str) -> Answered<Option<Build>> {
    Ok(batch(client, &[id.to_owned()]).await?.pop())
}

/// All builds, the latest first.
pub(crate) async fn list(client: &Client) -> Answered<Vec<Build>> {
    let ids: Vec<String> = CODEBUILD.all(client, "ListBuilds", json!({}), "ids").await?;
    batch(client, &ids).await
}

/// The builds of a project, the latest first; none if there is no such project.
pub(crate) async fn of_project(client: &Client, project: &str) -> Answered<Vec<Build>> {
    let input = json!({"projectName": project});
    let ids = CODEBUILD.all(client, "ListBuildsForProject", input, "ids").await;
    let absent = ["ResourceNotFoundException", "InvalidInputException"];
    let ids: Vec<String> = super::there(ids, &absent)?.unwrap_or_default();
    batch(client, &ids).await
}

/// The latest build of that commit in the project.
pub(crate) async fn of_commit(client: &Client, project: &str, commit: &str) -> Answered<Option<Build>> {
    let builds = of_project(client, project).await?;
    Ok(builds.into_iter().find(|build| build.commit() == Some(commit)))
}

/// Starts a build of that commit.
pub(crate) async fn start(client: &Client, project: &str, commit: &str) -> Answered<()> {
    let input = json!({"projectName": project, "sourceVersion": commit});
    CODEBUILD.ask::<serde_json::Value>(client, "StartBuild", input).await?;
    Ok(())
}

/// Where a project clones from, and the branch; none if there is no such project.
pub(crate) async fn source(client: &Client, project: &str) -> Answered<Option<(String, String)>> {
    let output: serde_json::Value =
        CODEBUILD.ask(client, "BatchGetProjects", json!({"names": [project]})).await?;
    let text = |path: &str| output.pointer(path).and_then(|value| value.as_str()).map(str::to_owned);
    Ok(text("/projects/0/source/location").zip(text("/projects/0/sourceVersion")))
}

async fn batch(client: &Client, ids: &[String]) -> Answered<Vec<Build>> {
    #[derive(Deserialize)]
    struct Output {
        #[serde(default)]
        builds: Vec<Build>,
    }
    let mut builds = Vec::new();
    for ids in ids.chunks(BATCH) {
        let output: Output = CODEBUILD.ask(client, "BatchGetBuilds", json!({"ids": ids})).await?;
        builds.extend(output.builds);
    }
    // The answer's order is not promised.
    builds.sort_by(|a, b| b.start_time.unwrap_or(f64::MAX).total_cmp(&a.start_time.unwrap_or(f64::MAX)));
    Ok(builds)
}
