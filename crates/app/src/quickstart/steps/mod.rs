//! The twelve steps, in their order. Each follows one thing through the server's APIs until it has ended, shows it on
//! a line of its own, and returns what the next one needs.

mod approval;
mod build;
mod deployment;
mod execution;
mod gate;
mod image;
mod job;
mod prediction;
mod push;
mod stack;
mod version;

use std::time::{Duration, Instant};

use super::{
    asking::Asking,
    host::Host,
    project::{Names, Project},
    standing,
};
use crate::{
    client::Client,
    failure::Failure,
    printer,
    remote::{
        Answered,
        executions::Execution,
        logs::{self, Place},
        registry::{self, Package},
    },
    screen::Step,
};

/// Between two looks.
pub(super) const PAUSE: Duration = Duration::from_millis(150);
/// How long something that should follow at once may take to begin.
const BEGINS_WITHIN: Duration = Duration::from_secs(60);
/// How many of the newest model versions are looked through.
const VERSIONS: usize = 20;
/// How many lines of a failing log are shown.
const LAST_LINES: usize = 15;

/// One round: the server, the names, and how the person is asked.
pub(super) struct Round<'a> {
    pub(super) host: &'a Host,
    pub(super) names: Names,
    asking: Asking,
}

/// What a round has made.
#[derive(Debug)]
pub(super) struct Made {
    /// The commit.
    pub commit: String,
    /// The image's digest.
    pub image: String,
    /// The execution that trained.
    pub training: Execution,
    /// The model version.
    pub package: Package,
    /// The endpoint that serves it.
    pub endpoint: String,
}

/// Follows a commit to a prediction.
pub(super) async fn walk(round: &Round<'_>, project: &Project, commit: &str) -> Result<Made, Failure> {
    push::push(round, project, commit).await?;
    build::follow(round, commit).await?;
    let image = image::find(round, commit).await?;
    let training = execution::begun_by(round, &image.image_digest, commit).await?;
    job::follow(round, &training, (" 5 preprocess", "Preprocess")).await?;
    job::follow(round, &training, (" 6 train", "Train")).await?;
    job::follow(round, &training, (" 7 evaluate", "Evaluate")).await?;
    gate::pass(round, &training).await?;
    let (training, package) = version::registered(round, &training).await?;
    approval::of_version(round, &package).await?;
    let endpoint = deployment::follow(round, &package).await?;
    prediction::make(round, &training, &endpoint).await?;
    Ok(Made { commit: commit.to_owned(), image: image.image_digest, training, package, endpoint })
}

impl<'a> Round<'a> {
    /// On that server, with these names.
    pub(super) fn new(host: &'a Host, names: Names, yes: bool) -> Self {
        Self { host, names, asking: Asking::new(yes) }
    }

    /// The server's client.
    pub(super) fn client(&self) -> &Client {
        self.host.client()
    }

    /// Deploys the stack where it is not there yet or its server has moved; from then on the build does it.
    pub(super) async fn deploy(&self, project: &Project) -> Result<(), Failure> {
        stack::deploy(self, project).await
    }

    /// The execution that the push of the image started.
    pub(super) async fn training(&self, digest: &str, commit: &str) -> Answered<Option<Execution>> {
        standing::execution(self, &self.names.train_machine(), |input| {
            input["detail"]["image-digest"] == digest && input["detail"]["image-tag"] == commit
        })
        .await
    }

    /// The execution that the approval of the model version started.
    pub(super) async fn deployment(&self, package: &str) -> Answered<Option<Execution>> {
        standing::execution(self, &self.names.deploy_machine(), |input| {
            input["detail"]["ModelPackageArn"] == package
        })
        .await
    }

    /// The model version that the execution registered.
    pub(super) async fn package(&self, execution: &str) -> Answered<Option<Package>> {
        let listed = registry::of_group(self.client(), &self.names.project, None).await?;
        for listed in listed.iter().take(VERSIONS) {
            let package = registry::get(self.client(), &listed.model_package_arn).await?;
            if let Some(package) = package.filter(|package| package.execution() == Some(execution)) {
                return Ok(Some(package));
            }
        }
        Ok(None)
    }

    /// A command that a person can type: it names the server's directory, so that it needs no environment.
    pub(super) fn command(&self, words: &str) -> String {
        let directory = super::shown(self.host.place().directory());
        let directory = if directory.contains(' ') { crate::commands::quoted(&directory) } else { directory };
        format!("{} {words} --data {directory}", super::report::program())
    }

    /// Ends a step that failed: the last lines of the log, and where there is more of it.
    async fn failed(&self, step: Step, failure: Failure, log: Option<(Place, String)>) -> Failure {
        step.failed(&failure.message);
        let Some((place, name)) = log else { return failure };
        for line in logs::last_lines(self.client(), place, LAST_LINES).await {
            printer::talk(printer::dim(&format!("  │ {line}")));
        }
        failure.hint(self.command(&format!("logs {name}")))
    }
}

/// Looks until it is there. What should follow at once and has not begun after a minute does not come.
async fn begun<T>(
    look: impl AsyncFn() -> Answered<Option<T>>,
    missing: impl FnOnce() -> Failure,
) -> Result<T, Failure> {
    let began = Instant::now();
    loop {
        if let Some(found) = look().await? {
            return Ok(found);
        }
        if began.elapsed() > BEGINS_WITHIN {
            return Err(missing());
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// The time between two moments in seconds since 1970.
fn span(from: f64, to: f64) -> Duration {
    Duration::try_from_secs_f64(to - from).unwrap_or_default()
}
