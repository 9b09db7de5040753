//! What a name on the command line means: an execution, a job, a build or an endpoint.

use super::{
    Answered, builds, builds::Build, endpoints, endpoints::Endpoint, executions, executions::Execution, jobs,
    jobs::Job, last,
};
use crate::{client::Client, failure::Failure};

/// What is meant.
#[derive(Clone, Debug)]
pub(crate) enum Subject {
    /// An execution.
    Execution(Execution),
    /// A processing or training job.
    Job(Job),
    /// A build.
    Build(Build),
    /// An endpoint.
    Endpoint(Endpoint),
}

/// The words before a `/` that say which kind is meant.
const KINDS: [&str; 5] = ["execution", "processing-job", "training-job", "build", "endpoint"];

impl Subject {
    /// `training-job/train-1`: a name that means nothing else.
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Execution(execution) => format!("execution/{}", execution.name),
            Self::Job(job) => format!("{}/{}", job.kind.in_arn(), job.name),
            Self::Build(build) => format!("build/{}", build.id),
            Self::Endpoint(endpoint) => format!("endpoint/{}", endpoint.endpoint_name),
        }
    }

    /// How it stands, in its API's own word.
    pub(crate) fn status(&self) -> &str {
        match self {
            Self::Execution(execution) => &execution.status,
            Self::Job(job) => &job.status,
            Self::Build(build) => &build.build_status,
            Self::Endpoint(endpoint) => &endpoint.endpoint_status,
        }
    }

    /// Whether it has ended, or for an endpoint, changes no more.
    pub(crate) fn is_over(&self) -> bool {
        match self {
            Self::Execution(execution) => execution.is_over(),
            Self::Job(job) => job.is_over(),
            Self::Build(build) => build.is_over(),
            Self::Endpoint(endpoint) => endpoint.is_settled(),
        }
    }

    /// Whether it has ended well.
    pub(crate) fn is_good(&self) -> bool {
        matches!(self.status(), "SUCCEEDED" | "Completed" | "InService")
    }

    /// Why it has not ended well.
    pub(crate) fn reason(&self) -> Option<String> {
        match self {
            Self::Execution(execution) => Some(execution.reason()),
            Self::Job(job) => job.reason.clone(),
            Self::Build(build) => build.reason(),
            Self::Endpoint(endpoint) => endpoint.failure_reason.clone(),
        }
    }

    /// Looks again; what has gone away stays as it was seen last.
    pub(crate) async fn again(&mut self, client: &Client) -> Answered<()> {
        let seen = match self {
            Self::Execution(it) => executions::get(client, &it.execution_arn).await?.map(Self::Execution),
            Self::Job(it) => jobs::get(client, it.kind, &it.name).await?.map(Self::Job),
            Self::Build(it) => builds::get(client, &it.id).await?.map(Self::Build),
            Self::Endpoint(it) => endpoints::get(client, &it.endpoint_name).await?.map(Self::Endpoint),
        };
        if let Some(seen) = seen {
            *self = seen;
        }
        Ok(())
    }
}

/// Finds what the name means. The name of a state machine means its latest execution, that of a build project its
/// latest build. An ARN says its kind itself; of several things with one name, `kind/name` says which.
pub(crate) async fn find(client: &Client, name: &str) -> Result<Subject, Failure> {
    let (kind, plain) = split(name);
    let mut found = Vec::new();
    let wanted = |word: &str| kind.is_none_or(|kind| kind == word);
    if wanted("execution") {
        found.extend(execution(client, plain).await?.map(Subject::Execution));
    }
    for job in jobs::Kind::ALL {
        if wanted(job.in_arn()) {
            found.extend(jobs::get(client, job, last(plain)).await?.map(Subject::Job));
        }
    }
    if wanted("build") {
        found.extend(build(client, plain).await?.map(Subject::Build));
    }
    if wanted("endpoint") {
        found.extend(endpoints::get(client, last(plain)).await?.map(Subject::Endpoint));
    }
    match found.len() {
        1 => Ok(found.remove(0)),
        0 => Err(Failure::usage(format!("there is no execution, job, build or endpoint `{name}`"))
            .hint("trainyard status")),
        _ => {
            let names: Vec<_> = found.iter().map(Subject::name).collect();
            Err(Failure::usage(format!("`{name}` means several things: {}", names.join(", ")))
                .hint("say which, by one of these names"))
        }
    }
}

/// `endpoint/x` and `arn:…:endpoint/x` say that an endpoint is meant.
fn split(name: &str) -> (Option<&str>, &str) {
    if name.starts_with("arn:") {
        let kind = KINDS.into_iter().find(|kind| {
            let resource = name.splitn(6, ':').nth(5).unwrap_or_default();
            resource.split(['/', ':']).next() == Some(kind)
        });
        // A build's resource is its whole id, `build/<project>:<uuid>`.
        let plain =
            if kind == Some("build") { name.split_once(":build/").map_or(name, |(_, id)| id) } else { name };
        return (kind, plain);
    }
    match name.split_once('/') {
        Some((kind, plain)) if KINDS.contains(&kind) => (Some(kind), plain),
        _ => (None, name),
    }
}

async fn execution(client: &Client, name: &str) -> Answered<Option<Execution>> {
    if name.starts_with("arn:") {
        return executions::get(client, name).await;
    }
    for machine in executions::machines(client).await? {
        let arn = if machine.name == name {
            let latest = executions::find(client, &machine.state_machine_arn, 1, |_| true).await?;
            latest.map(|execution| execution.execution_arn)
        } else {
            let executions = machine.state_machine_arn.replacen(":stateMachine:", ":execution:", 1);
            Some(format!("{executions}:{name}"))
        };
        let Some(arn) = arn else { continue };
        if let Some(execution) = executions::get(client, &arn).await? {
            return Ok(Some(execution));
        }
    }
    Ok(None)
}

async fn build(client: &Client, name: &str) -> Answered<Option<Build>> {
    if name.contains(':') {
        return builds::get(client, name).await;
    }
    if let Some(latest) = builds::of_project(client, name).await?.into_iter().next() {
        return Ok(Some(latest));
    }
    let all = builds::list(client).await?;
    Ok(all.into_iter().find(|build| last(&build.id) == name || build.commit() == Some(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_say_their_kind() {
        let check = |name: &str, expect: (Option<&str>, &str)| assert_eq!(split(name), expect);
        check("train-1", (None, "train-1"));
        check("endpoint/dev", (Some("endpoint"), "dev"));
        check("models/1", (None, "models/1"));
        check("build/p:u", (Some("build"), "p:u"));
        let arn = "arn:aws:sagemaker:us-east-1:000000000000:training-job/t";
        check(arn, (Some("training-job"), arn));
        let arn = "arn:aws:states:us-east-1:000000000000:execution:m:e";
        check(arn, (Some("execution"), arn));
        check("arn:aws:codebuild:us-east-1:000000000000:build/p:u", (Some("build"), "p:u"));
    }
}
