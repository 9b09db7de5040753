//! The room's verbs on projects, and what it asks of builds.

use std::{
    collections::BTreeMap,
    os::unix::fs::{DirBuilderExt, symlink},
    path::{Path, PathBuf},
    sync::Arc,
};

use serde_json::Value;
use trainyard_domain::{Principal, Scope};
use trainyard_lang::buildspec::{Buildspec, Mark, read_marks};
use trainyard_store::{Changes, Error as StoreError, Expect, Held, List, Range};

use super::{
    Artifacts, Build, Cache, Error, Project, ProjectRequest, Webhook,
    build::{CREATED, PROJECT_CREATED, Stage},
    decide::{self, Run},
    describe, project,
    source::Origin,
    webhook::Filter,
};
use crate::{audit, ground::Ground, jobs::Jobs, left, repositories::Repositories};

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Builds {
    pub(super) ground: Ground,
    pub(super) repositories: Repositories,
    pub(super) jobs: Jobs,
    pub(super) config: Arc<BuildsConfig>,
}

/// Where builds find things.
#[derive(Clone, Debug)]
pub struct BuildsConfig {
    /// Below this, each build has its directory.
    pub directory: PathBuf,
    /// The local images, which the builds of an account share so that layers of requirements are made once.
    pub images: PathBuf,
    /// The running binary: builds call it as `trainyard`.
    pub program: PathBuf,
    /// Where a build reaches the server, such as `http://127.0.0.1:4566`.
    pub endpoint: String,
    /// What every build gets of the machine's variables: see [`super::of_machine`].
    pub inherited: BTreeMap<String, String>,
}

/// So much is read of a file that a build may have written.
const LARGEST: u64 = 4 << 20;

/// A build's files.
pub(super) struct BuildPlace(PathBuf);

impl BuildPlace {
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The source.
    pub(super) fn source(&self) -> PathBuf {
        self.0.join("source")
    }

    /// The script.
    pub(super) fn script(&self) -> PathBuf {
        self.0.join("build.sh")
    }

    /// The buildspec that the script was made from.
    pub(super) fn buildspec(&self) -> PathBuf {
        self.0.join("buildspec")
    }

    /// Where the script leaves its marks.
    pub(super) fn channel(&self) -> PathBuf {
        self.0.join("marks")
    }

    pub(super) fn home(&self) -> PathBuf {
        self.0.join("home")
    }

    pub(super) fn temporary(&self) -> PathBuf {
        self.0.join("tmp")
    }

    /// What the script has marked, and what it runs; nothing where there is nothing yet.
    pub(super) fn run(&self) -> (Vec<Mark>, Option<Buildspec>) {
        // The build can write to all of its directory.
        let read = |path: PathBuf| left::read(&self.0, path.strip_prefix(&self.0).unwrap_or(&path), LARGEST);
        let marks = read(self.channel()).unwrap_or_default();
        let spec = read(self.buildspec()).ok().and_then(|bytes| Buildspec::parse(&bytes).ok());
        (read_marks(&String::from_utf8_lossy(&marks)), spec)
    }
}

impl BuildsConfig {
    pub(super) fn place(&self, build: &Build) -> BuildPlace {
        BuildPlace(self.directory.join(build.uuid()))
    }

    /// The local images of the build's account.
    pub(super) fn images_of(&self, build: &Build) -> PathBuf {
        self.images.join(build.scope.account.as_str())
    }

    /// The directory in which the binary is found as `trainyard`.
    pub(super) fn programs(&self) -> PathBuf {
        match self.program.parent() {
            Some(parent) if self.program.file_name().is_some_and(|name| name == "trainyard") => {
                parent.to_owned()
            }
            _ => self.directory.join("bin"),
        }
    }

    fn make(&self) -> std::io::Result<()> {
        let mut private = std::fs::DirBuilder::new();
        private.recursive(true).mode(0o700);
        private.create(&self.directory)?;
        private.create(&self.images)?;
        let programs = self.programs();
        if programs.starts_with(&self.directory) {
            private.create(&programs)?;
            let link = programs.join("trainyard");
            if std::fs::symlink_metadata(&link).is_ok() {
                std::fs::remove_file(&link)?;
            }
            symlink(&self.program, link)?;
        }
        Ok(())
    }
}

impl Builds {
    /// On this ground, with these rooms. Its directories are made where they are missing.
    pub fn open(
        ground: Ground,
        repositories: Repositories,
        jobs: Jobs,
        config: BuildsConfig,
    ) -> Result<Self, Error> {
        config.make().map_err(|error| Error::disk(&config.directory, &error))?;
        Ok(Self { ground, repositories, jobs, config: Arc::new(config) })
    }

    /// Makes a project. A repository of the built-in host that it names is made if need be.
    pub async fn create_project(
        &self,
        scope: &Scope,
        by: &Principal,
        request: ProjectRequest,
    ) -> Result<Project, Error> {
        let project = self.new_project(scope, request)?;
        if let Origin::BuiltIn { repository } = Origin::of(&project.source)? {
            self.repositories.ensure(by, &repository).await?;
        }
        let mut changes = Changes::new();
        changes.put(&project, Expect::Absent)?;
        audit::note(&mut changes, &self.ground, by, "codebuild:CreateProject", project.arn())?;
        match self.ground.store.commit(changes).await {
            Err(StoreError::Conflict(_)) => Err(Error::ProjectExists(project.arn().to_string())),
            other => other.map(|()| project).map_err(Error::from),
        }
    }

    /// The project that the request would make, if it can.
    pub fn new_project(&self, scope: &Scope, request: ProjectRequest) -> Result<Project, Error> {
        let missing = |member: &str| Error::Invalid(format!("the member `{member}` is missing"));
        let now = self.ground.now();
        let role = request.service_role.as_deref().ok_or_else(|| missing("serviceRole"))?;
        let mut project = Project {
            scope: scope.clone(),
            name: request.name.clone(),
            description: None,
            source: request.source.clone().ok_or_else(|| missing("source"))?,
            source_version: None,
            artifacts: Artifacts::default(),
            cache: Cache::default(),
            environment: request.environment.clone().ok_or_else(|| missing("environment"))?,
            service_role: project::role_arn(scope, role)?,
            timeout_in_minutes: 60,
            tags: Vec::new(),
            logs_config: None,
            webhook: None,
            created: now,
            modified: now,
            builds: 0,
        };
        project.take(request)?;
        Ok(project)
    }

    /// Changes what the request names. Builds that run keep what they began with.
    pub async fn update_project(
        &self,
        scope: &Scope,
        by: &Principal,
        request: ProjectRequest,
    ) -> Result<Project, Error> {
        let name = request.name.clone();
        let mut held = self.held_project(scope, &name).await?;
        held.value.take(request)?;
        if let Origin::BuiltIn { repository } = Origin::of(&held.value.source)? {
            self.repositories.ensure(by, &repository).await?;
        }
        self.save(held, by, "codebuild:UpdateProject").await
    }

    /// Makes the project, or makes the one that is there be just so; its builds and their numbers stay.
    pub async fn put_project(
        &self,
        scope: &Scope,
        by: &Principal,
        request: ProjectRequest,
        groups: Option<Vec<Vec<Filter>>>,
    ) -> Result<Project, Error> {
        let webhook = groups.map(|filter_groups| Webhook { filter_groups, modified: self.ground.now() });
        webhook.iter().try_for_each(Webhook::check)?;
        let project = Project { webhook, ..self.new_project(scope, request)? };
        if let Origin::BuiltIn { repository } = Origin::of(&project.source)? {
            self.repositories.ensure(by, &repository).await?;
        }
        loop {
            let held = self.ground.store.get::<Project>(&scope.to_string(), &project.name).await?;
            let (expect, wanted, action) = match held {
                None => (Expect::Absent, project.clone(), "codebuild:CreateProject"),
                Some(Held { version, value }) => {
                    let Project { created, builds, .. } = value;
                    let wanted = Project { created, builds, ..project.clone() };
                    (Expect::Version(version), wanted, "codebuild:UpdateProject")
                }
            };
            let mut changes = Changes::new();
            changes.put(&wanted, expect)?;
            audit::note(&mut changes, &self.ground, by, action, wanted.arn())?;
            match self.ground.store.commit(changes).await {
                // A build of it was started meanwhile.
                Err(StoreError::Conflict(_)) => {}
                other => return other.map(|()| wanted).map_err(Error::from),
            }
        }
    }

    /// Removes a project; its builds are still to be seen. Nothing happens if there is none.
    pub async fn delete_project(&self, scope: &Scope, by: &Principal, name: &str) -> Result<(), Error> {
        let mut changes = Changes::new();
        changes.delete::<Project>(&scope.to_string(), name, Expect::Any);
        audit::note(&mut changes, &self.ground, by, "codebuild:DeleteProject", project::arn(scope, name))?;
        Ok(self.ground.store.commit(changes).await?)
    }

    /// The project, by name or ARN.
    pub async fn project(&self, scope: &Scope, name: &str) -> Result<Project, Error> {
        Ok(self.held_project(scope, name).await?.value)
    }

    /// One page of the names of projects.
    pub async fn projects(
        &self,
        scope: &Scope,
        ascending: bool,
        after: Option<String>,
    ) -> Result<(Vec<String>, Option<String>), Error> {
        let list = List::in_scope(scope).descending(!ascending).after(after);
        let page = self.ground.store.list::<Project>(list).await.map_err(token)?;
        Ok((page.items.into_iter().map(|held| held.value.name).collect(), page.next))
    }

    /// Puts a webhook on the project, in place of the one that is there, or takes it off.
    pub async fn put_webhook(
        &self,
        scope: &Scope,
        by: &Principal,
        name: &str,
        groups: Option<Vec<Vec<Filter>>>,
    ) -> Result<Project, Error> {
        let mut held = self.held_project(scope, name).await?;
        let action = if groups.is_some() { "codebuild:CreateWebhook" } else { "codebuild:DeleteWebhook" };
        let webhook = groups.map(|filter_groups| Webhook { filter_groups, modified: self.ground.now() });
        webhook.iter().try_for_each(Webhook::check)?;
        held.value.webhook = webhook;
        self.save(held, by, action).await
    }

    /// The build of that id or ARN.
    pub async fn build(&self, scope: &Scope, id: &str) -> Result<Build, Error> {
        Ok(self.held_build(scope, id).await?.value)
    }

    /// One page of the ids of builds, of one project or of all.
    pub async fn list(
        &self,
        scope: &Scope,
        project: Option<&str>,
        ascending: bool,
        after: Option<String>,
    ) -> Result<(Vec<String>, Option<String>), Error> {
        let list = List::in_scope(scope);
        let list = match project {
            None => list.by(CREATED),
            Some(name) => {
                let project = self.project(scope, name).await?;
                list.by(PROJECT_CREATED).within(Range::prefix(&format!("{}:", project.name)))
            }
        };
        let list = list.descending(!ascending).limit(100).after(after);
        let page = self.ground.store.list::<Build>(list).await.map_err(token)?;
        Ok((page.items.into_iter().map(|held| held.value.id).collect(), page.next))
    }

    /// The build as BatchGetBuilds shows it, times in milliseconds. One that runs shows what its script has marked.
    pub fn describe(&self, build: &Build) -> Value {
        if build.stage != Stage::Running {
            return describe::build(build, &build.phases);
        }
        let (marks, spec) = self.config.place(build).run();
        let run = Run { marks: &marks, buildspec: spec.as_ref() };
        describe::build(build, &decide::phases(build, &run, None))
    }

    /// The project as BatchGetProjects shows it, times in milliseconds.
    pub fn describe_project(&self, project: &Project) -> Value {
        describe::project(project, &self.config.endpoint)
    }

    pub(super) async fn held_project(&self, scope: &Scope, name: &str) -> Result<Held<Project>, Error> {
        let prefix = project::arn(scope, "").to_string();
        let name = name.strip_prefix(&prefix).unwrap_or(name);
        let held = self.ground.store.get(&scope.to_string(), name).await?;
        held.ok_or_else(|| Error::NoProject(project::arn(scope, name).to_string()))
    }

    pub(super) async fn held_build(&self, scope: &Scope, id: &str) -> Result<Held<Build>, Error> {
        let prefix = super::build::arn(scope, "").to_string();
        let id = id.strip_prefix(&prefix).unwrap_or(id);
        let held = self.ground.store.get(&scope.to_string(), id).await?;
        held.ok_or_else(|| Error::NoBuild(id.to_owned()))
    }

    async fn save(&self, mut held: Held<Project>, by: &Principal, action: &str) -> Result<Project, Error> {
        held.value.modified = self.ground.now();
        let arn = held.value.arn();
        let mut changes = Changes::new();
        changes.put(&held.value, Expect::Version(held.version))?;
        audit::note(&mut changes, &self.ground, by, action, &arn)?;
        match self.ground.store.commit(changes).await {
            Err(StoreError::Conflict(_)) => Err(Error::Busy(arn.to_string())),
            other => other.map(|()| held.value).map_err(Error::from),
        }
    }
}

/// A page's token that was never given is the caller's mistake.
fn token(error: StoreError) -> Error {
    match error {
        StoreError::Invalid(why) => Error::Invalid(why),
        error => error.into(),
    }
}
