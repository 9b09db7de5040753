//! Builds are started and stopped.

use serde::{Deserialize, Serialize};
use trainyard_domain::{Principal, Scope, principal::Lineage};
use trainyard_store::{Changes, Error as StoreError, Expect, Held, WorkItem};

use super::{
    Build, Builds, Error, Project, Trigger, Variable,
    build::{Phase, Stage, Status},
    decide::{self, Run},
    prepare, project,
    source::Origin,
    told,
};
use crate::{audit, ground::uuid_from, jobs::Kind as JobKind};

/// StartBuild's members.
/// <https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html>
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct StartRequest {
    /// Which project.
    pub project_name: String,
    /// Which version of the source.
    pub source_version: Option<String>,
    /// More variables, or other values.
    #[serde(default)]
    pub environment_variables_override: Vec<Variable>,
    /// Another kind of source.
    pub source_type_override: Option<String>,
    /// Another source.
    pub source_location_override: Option<String>,
    /// Another buildspec, or its path.
    pub buildspec_override: Option<String>,
    /// Another image.
    pub image_override: Option<String>,
    /// Another size.
    pub compute_type_override: Option<String>,
    /// Whether docker can be used.
    pub privileged_mode_override: Option<bool>,
    /// Another role.
    pub service_role_override: Option<String>,
    /// After which it is stopped.
    pub timeout_in_minutes_override: Option<u32>,
    /// The same token starts the same build.
    pub idempotency_token: Option<String>,
}

/// Why a build starts.
#[derive(Clone, Debug)]
pub(super) struct Cause {
    /// The build's UUID, where it follows from the cause: then nothing is started twice.
    pub uuid: Option<String>,
    /// As CodeBuild writes it.
    pub initiator: String,
    /// The push.
    pub trigger: Option<Trigger>,
}

impl Builds {
    /// Starts a build, for a person or a program.
    pub async fn start(&self, scope: &Scope, by: &Principal, request: StartRequest) -> Result<Build, Error> {
        let project = project::arn(scope, &request.project_name).to_string();
        let uuid =
            request.idempotency_token.as_ref().map(|token| uuid_from(&["start build", &project, token]));
        self.begin(scope, by, request, Cause { uuid, initiator: initiator(by), trigger: None }).await
    }

    /// Starts the build that a rule's delivery asks for; the same delivery starts the same build.
    pub async fn start_for_rule(
        &self,
        scope: &Scope,
        by: &Principal,
        request: StartRequest,
        (rule, delivery): (&str, &str),
    ) -> Result<Build, Error> {
        let cause =
            Cause { uuid: Some(delivery.to_owned()), initiator: format!("rule/{rule}"), trigger: None };
        self.begin(scope, by, request, cause).await
    }

    /// Starts the build that a state machine's task asks for; the same call starts the same build.
    pub async fn start_for_task(
        &self,
        scope: &Scope,
        by: &Principal,
        request: StartRequest,
        token: &str,
    ) -> Result<Build, Error> {
        if request.idempotency_token.is_some() {
            return self.start(scope, by, request).await;
        }
        let uuid = Some(Self::uuid_of_task(token));
        self.begin(scope, by, request, Cause { uuid, initiator: initiator(by), trigger: None }).await
    }

    /// The UUID of the build that the call of a state machine's task starts.
    pub fn uuid_of_task(token: &str) -> String {
        uuid_from(&["start build", "task", token])
    }

    pub(super) async fn begin(
        &self,
        scope: &Scope,
        by: &Principal,
        request: StartRequest,
        cause: Cause,
    ) -> Result<Build, Error> {
        let uuid = cause.uuid.clone().unwrap_or_else(|| self.ground.uuid());
        loop {
            let Held { version, value: mut project } =
                self.held_project(scope, &request.project_name).await?;
            let id = format!("{}:{uuid}", project.name);
            if let Some(there) = self.ground.store.get::<Build>(&scope.to_string(), &id).await? {
                return Ok(there.value);
            }
            project.builds += 1;
            let build = self.new_build(&project, by, (id, &request), &cause)?;
            let mut changes = Changes::new();
            changes.put(&project, Expect::Version(version))?.put(&build, Expect::Absent)?;
            changes.schedule(WorkItem::now(prepare::TOPIC, prepare::work_id(&build), ""));
            told::tell(&mut changes, &build)?;
            told::tell_phases(&mut changes, &[], &build)?;
            audit::note(&mut changes, &self.ground, by, "codebuild:StartBuild", build.arn())?;
            match self.ground.store.commit(changes).await {
                // Another build of the project was started meanwhile, or this one.
                Err(StoreError::Conflict(_)) => {}
                other => return other.map(|()| build).map_err(Error::from),
            }
        }
    }

    fn new_build(
        &self,
        project: &Project,
        by: &Principal,
        (id, request): (String, &StartRequest),
        cause: &Cause,
    ) -> Result<Build, Error> {
        let (source, environment) = overridden(project, request)?;
        let now = self.ground.now();
        let role = request.service_role_override.as_deref();
        let role = role.map(|role| project::role_arn(&project.scope, role)).transpose()?;
        let minutes = request.timeout_in_minutes_override.unwrap_or(project.timeout_in_minutes);
        project::check_timeout(minutes)?;
        let asked = request.source_version.clone().filter(|version| !version.is_empty());
        let repository = Origin::of(&source)?.name();
        let arn = super::build::arn(&project.scope, &id).to_string();
        let lineage = Lineage { repository, build: Some(arn), ..Lineage::default() };
        let mut build = Build {
            scope: project.scope.clone(),
            id,
            project: project.name.clone(),
            number: project.builds,
            stage: Stage::Queued,
            status: Status::InProgress,
            stop: false,
            source,
            source_version: asked.or_else(|| project.source_version.clone()),
            resolved: None,
            environment,
            service_role: role.unwrap_or_else(|| project.service_role.clone()),
            timeout_in_minutes: minutes,
            log_group: project.log_group(),
            initiator: cause.initiator.clone(),
            trigger: cause.trigger.clone(),
            principal: Principal { lineage, ..by.clone() },
            created: now,
            taken_up: None,
            fetched: None,
            ended: None,
            phases: Vec::<Phase>::new(),
            exported: Vec::new(),
        };
        build.phases = decide::phases(&build, &Run::default(), None);
        Ok(build)
    }

    /// Asks a build to end. Nothing happens to one that is over.
    pub async fn stop(&self, scope: &Scope, by: &Principal, id: &str) -> Result<Build, Error> {
        loop {
            let Held { version, value: mut build } = self.held_build(scope, id).await?;
            if build.is_over() {
                return Ok(build);
            }
            build.stop = true;
            let mut changes = Changes::new();
            changes.put(&build, Expect::Version(version))?;
            if build.stage < Stage::Running {
                changes.schedule(WorkItem::now(prepare::TOPIC, prepare::work_id(&build), ""));
            }
            audit::note(&mut changes, &self.ground, by, "codebuild:StopBuild", build.arn())?;
            match self.ground.store.commit(changes).await {
                Err(StoreError::Conflict(_)) => continue,
                other => other?,
            }
            // A job that is made after this sees the wish in the build.
            if self.jobs.find(JobKind::Build, scope, build.uuid()).await?.is_some() {
                self.jobs.stop(JobKind::Build, scope, build.uuid()).await?;
            }
            return Ok(build);
        }
    }
}

/// The project's source and environment, with what the request says instead.
fn overridden(
    project: &Project,
    request: &StartRequest,
) -> Result<(super::Source, super::Environment), Error> {
    let (mut source, mut environment) = (project.source.clone(), project.environment.clone());
    let replace = |new: &Option<String>, old: &mut String| {
        if let Some(new) = new {
            old.clone_from(new);
        }
    };
    replace(&request.source_type_override, &mut source.kind);
    replace(&request.image_override, &mut environment.image);
    replace(&request.compute_type_override, &mut environment.compute_type);
    if request.source_location_override.is_some() {
        source.location.clone_from(&request.source_location_override);
    }
    if request.buildspec_override.is_some() {
        source.buildspec.clone_from(&request.buildspec_override);
    }
    environment.privileged_mode = request.privileged_mode_override.unwrap_or(environment.privileged_mode);
    for variable in &request.environment_variables_override {
        environment.environment_variables.retain(|old| old.name != variable.name);
        environment.environment_variables.push(variable.clone());
    }
    source.check()?;
    environment.check()?;
    Ok((source, environment))
}

/// Who starts a build, as CodeBuild writes it: a user's name, or role and session.
fn initiator(by: &Principal) -> String {
    let resource = &by.arn.resource;
    resource
        .strip_prefix("user/")
        .or_else(|| resource.strip_prefix("assumed-role/"))
        .unwrap_or(resource)
        .to_owned()
}
