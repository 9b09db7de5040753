//! Builds are made ready: the source is fetched, the script is written, the job is made. Every step is safe to begin
//! again after a crash.

use std::{
    collections::BTreeMap,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::Path,
    time::Duration,
};

use async_trait::async_trait;
use trainyard_domain::{job::Mount, principal::Lineage};
use trainyard_lang::buildspec::{self, Buildspec};
use trainyard_store::{Changes, Error as StoreError, Expect, Held, WorkItem};

use super::{
    Build, Builds, Error,
    build::{Stage, Status},
    decide::{self, Run, Verdict},
    environment,
    room::BuildPlace,
    source::{Origin, is_inline},
    told,
};
use crate::{
    jobs::{Asked, Entry, Kind as JobKind, Plan},
    left,
    repositories::{self, checkout_foreign},
    work::{Outcome, Worker},
};

pub(super) const TOPIC: &str = "builds";

/// The builds that are to be made ready, and the directories of those that are over.
pub struct Prepare(pub Builds);

/// The work on a build is named `<scope> <build id>`.
pub(super) fn work_id(build: &Build) -> String {
    format!("{} {}", build.scope, build.id)
}

#[async_trait]
impl Worker for Prepare {
    const TOPIC: &'static str = TOPIC;
    const WIDTH: usize = 8;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn std::error::Error + Send + Sync>> {
        let (scope, id) = item.id.split_once(' ').unwrap_or_default();
        match self.0.ground.store.get::<Build>(scope, id).await? {
            // Somebody asked it to stop meanwhile: the step begins again with what is there now.
            Some(held) => match self.0.step(held).await {
                Err(Error::Store(StoreError::Conflict(_))) => Ok(Outcome::Later(Duration::ZERO)),
                other => Ok(other?),
            },
            None => Ok(Outcome::Finished(Changes::new())),
        }
    }
}

/// Why a build could not be made ready.
enum NotReady {
    /// Its own fault: CodeBuild's code and the explanation.
    Failed(&'static str, String),
    /// Ours: try again.
    Trouble(Error),
}

impl<E: Into<Error>> From<E> for NotReady {
    fn from(error: E) -> Self {
        match error.into() {
            Error::Repositories(error) if !matches!(error, repositories::Error::Store(_)) => {
                Self::Failed("CLIENT_ERROR", error.to_string())
            }
            error => Self::Trouble(error),
        }
    }
}

impl Builds {
    /// One step of one build.
    async fn step(&self, mut held: Held<Build>) -> Result<Outcome, Error> {
        let stopped = || Verdict { status: Status::Stopped, at: self.ground.now(), context: None };
        match held.value.stage {
            Stage::Queued | Stage::Fetching if held.value.stop => {
                self.over(held, &Run::default(), &stopped()).await
            }
            Stage::Queued => {
                held.value.taken_up = Some(self.ground.now());
                self.moved(held, Stage::Fetching).await
            }
            Stage::Fetching => match self.fetch(&mut held.value).await {
                Ok(()) => {
                    held.value.fetched = Some(self.ground.now());
                    self.moved(held, Stage::Ready).await
                }
                Err(NotReady::Trouble(error)) => Err(error),
                Err(NotReady::Failed(code, why)) => {
                    let context = Some((code.to_owned(), why));
                    let verdict = Verdict { status: Status::Failed, at: self.ground.now(), context };
                    self.over(held, &Run::default(), &verdict).await
                }
            },
            Stage::Ready => self.launch(held, stopped()).await,
            Stage::Running => Ok(Outcome::Finished(Changes::new())),
            Stage::Over => {
                remove(self.config.place(&held.value).path()).await?;
                Ok(Outcome::Finished(Changes::new()))
            }
        }
    }

    /// The build is over, without or with its job; its directory is cleared by the step that follows.
    pub(super) async fn over(
        &self,
        Held { version, value: mut build }: Held<Build>,
        run: &Run<'_>,
        verdict: &Verdict,
    ) -> Result<Outcome, Error> {
        let before = std::mem::take(&mut build.phases);
        build.phases = decide::phases(&build, run, Some(verdict));
        build.exported = decide::exported(run.marks);
        build.stage = Stage::Over;
        build.status = verdict.status;
        build.ended = Some(verdict.at);
        let mut changes = Changes::new();
        changes.put(&build, Expect::Version(version))?;
        changes.schedule(WorkItem::now(TOPIC, work_id(&build), ""));
        told::tell_phases(&mut changes, &before, &build)?;
        told::tell(&mut changes, &build)?;
        self.ground.store.commit(changes).await?;
        Ok(Outcome::Later(Duration::ZERO))
    }

    async fn moved(&self, mut held: Held<Build>, stage: Stage) -> Result<Outcome, Error> {
        held.value.stage = stage;
        let before = std::mem::take(&mut held.value.phases);
        held.value.phases = decide::phases(&held.value, &Run::default(), None);
        let mut changes = Changes::new();
        told::tell_phases(&mut changes, &before, &held.value)?;
        changes.put(&held.value, Expect::Version(held.version))?;
        self.ground.store.commit(changes).await?;
        Ok(Outcome::Later(Duration::ZERO))
    }

    /// Puts source and script in place. What a crash left of an earlier attempt is replaced.
    async fn fetch(&self, build: &mut Build) -> Result<(), NotReady> {
        let place = self.config.place(build);
        remove(place.path()).await?;
        for path in [place.source(), place.home(), place.temporary()] {
            private(&path)?;
        }
        let origin = Origin::of(&build.source)?;
        let version = build.source_version.as_deref();
        build.resolved = match &origin {
            Origin::None => None,
            Origin::Elsewhere { url } => {
                let pass = self.pass(build, url).await?;
                let commit = checkout_foreign((url, pass.login()), version, &place.source()).await;
                Some(commit.map_err(|error| pass.explained(error))?)
            }
            Origin::BuiltIn { repository } => {
                let there = self.repositories.place(&build.scope.account, repository).await?;
                let commit = there.resolve(version).await?;
                let url = format!("{}/git/{repository}.git", self.config.endpoint);
                there.checkout(&commit, &place.source(), &url).await?;
                Some(commit)
            }
        };
        let text = buildspec_of(build, &place).await?;
        let spec = parse(&text, build)?;
        write(&place.buildspec(), text.as_bytes())?;
        write(&place.script(), buildspec::script(&spec).as_bytes())?;
        write(&place.channel(), b"")?;
        Ok(())
    }

    /// Makes the job. It is the same job, whenever this is begun again.
    async fn launch(&self, held: Held<Build>, stopped: Verdict) -> Result<Outcome, Error> {
        let (scope, uuid) = (held.value.scope.clone(), held.value.uuid().to_owned());
        let there = self.jobs.find(JobKind::Build, &scope, &uuid).await?;
        if held.value.stop && there.is_none() {
            return self.over(held, &Run::default(), &stopped).await;
        }
        if there.is_none() {
            let asked = self.asked(&held.value)?;
            self.jobs.create(asked).await?;
        }
        let done = self.moved(held, Stage::Running).await;
        match done {
            Err(error) => Err(error),
            Ok(_) => Ok(Outcome::Finished(Changes::new())),
        }
    }

    fn asked(&self, build: &Build) -> Result<Asked, Error> {
        let place = self.config.place(build);
        let text =
            std::fs::read(place.buildspec()).map_err(|error| Error::disk(&place.buildspec(), &error))?;
        let spec = Buildspec::parse(&text)
            .map_err(|_| Error::Disk(format!("{} was damaged", place.buildspec().display())))?;
        let shell = spec.env.shell.program().to_owned();
        let images = self.config.images_of(build);
        private(&images)?;
        let mounts = [place.path(), &images, &self.config.programs()].map(|path| Mount {
            source: path.to_owned(),
            target: path.to_owned(),
            read_only: path == self.config.programs(),
        });
        let plan = Plan {
            entry: Entry::Host {
                command: vec![shell, place.script().to_string_lossy().into_owned()],
                working_dir: place.source(),
                mounts: mounts.into(),
            },
            environment: environment::variables(build, &spec, &self.config),
            resources: build.environment.resources()?,
            role: build.service_role.clone(),
            limit: Duration::from_secs(u64::from(build.timeout_in_minutes) * 60),
            log_group: build.log_group.clone(),
            image: String::new(),
            files: BTreeMap::new(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            metrics: Vec::new(),
        };
        let mut principal = build.principal.clone();
        principal.lineage = Lineage { commit: build.resolved.clone(), ..principal.lineage };
        Ok(Asked {
            kind: JobKind::Build,
            name: build.uuid().to_owned(),
            arn: build.arn(),
            scope: build.scope.clone(),
            principal,
            token: Some(build.id.clone()),
            request: serde_json::Value::Null,
            plan,
        })
    }
}

/// A buildspec of more bytes is refused.
const MOST_BYTES: u64 = 1 << 20;

/// The text of the buildspec, from where the project says.
async fn buildspec_of(build: &Build, place: &BuildPlace) -> Result<String, NotReady> {
    let named = build.source.buildspec.as_deref().filter(|text| !text.trim().is_empty());
    if let Some(text) = named.filter(|text| is_inline(text)) {
        return Ok(text.to_owned());
    }
    let path = named.unwrap_or("buildspec.yml");
    let failed = |why: String| NotReady::Failed("YAML_FILE_ERROR", why);
    let whole = place.source().join(path);
    // Links and `..` must not lead out of the source.
    let (Ok(real), Ok(top)) =
        (tokio::fs::canonicalize(&whole).await, tokio::fs::canonicalize(place.source()).await)
    else {
        return Err(failed(format!("YAML file does not exist: {path}")));
    };
    if !real.starts_with(&top) {
        return Err(failed(format!("the buildspec {path} is not in the source")));
    }
    let bytes = left::read(&top, real.strip_prefix(&top).unwrap_or(&real), MOST_BYTES + 1);
    let bytes = bytes.map_err(|error| failed(format!("{path}: {error}")))?;
    if bytes.len() as u64 > MOST_BYTES {
        return Err(failed(format!("{path} has more than {MOST_BYTES} bytes")));
    }
    String::from_utf8(bytes).map_err(|_| failed(format!("{path} is not UTF-8")))
}

fn parse(text: &str, build: &Build) -> Result<Buildspec, NotReady> {
    Buildspec::parse(text.as_bytes()).map_err(|found| {
        let named = build.source.buildspec.as_deref().filter(|text| !is_inline(text));
        let file = named.unwrap_or("buildspec.yml");
        let lines: Vec<_> = found.iter().map(|diagnostic| format!("{file}:{diagnostic}")).collect();
        NotReady::Failed("YAML_FILE_ERROR", lines.join("\n"))
    })
}

fn private(path: &Path) -> Result<(), Error> {
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| Error::disk(path, &error))
}

fn write(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    use std::io::Write;
    let file = std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(bytes)).map_err(|error| Error::disk(path, &error))
}

async fn remove(path: &Path) -> Result<(), Error> {
    match tokio::fs::remove_dir_all(path).await {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Error::disk(path, &error)),
        _ => Ok(()),
    }
}
