//! The room's verbs: create, describe, list, stop.

use std::{path::PathBuf, sync::Arc};

use serde_json::Value;
use trainyard_domain::{Arn, Principal, Scope, Timestamp, job::JobId, ports::JobDriver};
use trainyard_store::{Changes, Expect, Held, List, Range, WorkItem};

use super::{
    Error, ProcessingRequest, TrainingRequest, describe,
    job::{Job, Kind, Phase, Stop, created_key, document_id},
    plan::Plan,
    told, watch,
};
use crate::{
    artifacts::Artifacts,
    audit,
    ground::{Ground, label_from, scope_key},
    identity::Identity,
    images::Images,
    listing::{self, Listing},
    logs::Logs,
};

/// The rooms and drivers that the room stands on.
pub struct Neighbours {
    /// Who runs jobs.
    pub driver: Arc<dyn JobDriver>,
    /// Where images are.
    pub images: Images,
    /// Where data is.
    pub artifacts: Artifacts,
    /// Where lines go.
    pub logs: Logs,
    /// Who gives credentials.
    pub identity: Identity,
}

/// The room.
#[derive(Clone)]
pub struct Jobs {
    pub(super) ground: Ground,
    pub(super) driver: Arc<dyn JobDriver>,
    pub(super) images: Images,
    pub(super) artifacts: Artifacts,
    pub(super) logs: Logs,
    pub(super) identity: Identity,
    pub(super) config: JobsConfig,
}

/// Where jobs find things.
#[derive(Clone, Debug)]
pub struct JobsConfig {
    /// Below this, each job has its `/opt/ml`.
    pub directory: PathBuf,
    /// Where a job reaches the server, such as `http://127.0.0.1:4566`.
    pub endpoint: String,
}

/// A job that is asked for.
pub struct Asked {
    /// What kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: Arn,
    /// Where.
    pub scope: Scope,
    /// Who asks.
    pub principal: Principal,
    /// The task token, if a task asks: the same token gets the same job.
    pub token: Option<String>,
    /// The request, to be shown again.
    pub request: Value,
    /// What is to be done.
    pub plan: Plan,
}

/// Which jobs are listed.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only those with this status.
    pub status: Option<String>,
    /// Only those created in this span.
    pub created: (Option<Timestamp>, Option<Timestamp>),
}

impl Jobs {
    /// The room.
    pub fn new(ground: Ground, there: Neighbours, config: JobsConfig) -> Self {
        let Neighbours { driver, images, artifacts, logs, identity } = there;
        Self { ground, driver, images, artifacts, logs, identity, config }
    }

    /// CreateTrainingJob. With a token that made the job before: that job.
    pub async fn train(
        &self,
        who: &Principal,
        scope: &Scope,
        request: TrainingRequest,
        token: Option<String>,
    ) -> Result<Job, Error> {
        let name = request.training_job_name.clone();
        let arn = Arn::new("sagemaker", scope, format!("training-job/{}", name.to_lowercase()));
        let plan = request.plan(&arn)?;
        let request = shown(&request)?;
        let (scope, principal) = (scope.clone(), who.clone());
        self.create(Asked { kind: Kind::Training, name, arn, scope, principal, token, request, plan }).await
    }

    /// CreateProcessingJob. With a token that made the job before: that job.
    pub async fn process(
        &self,
        who: &Principal,
        scope: &Scope,
        request: ProcessingRequest,
        token: Option<String>,
    ) -> Result<Job, Error> {
        let name = request.processing_job_name.clone();
        let arn = Arn::new("sagemaker", scope, format!("processing-job/{}", name.to_lowercase()));
        let plan = request.plan(&arn)?;
        let request = shown(&request)?;
        let (scope, principal) = (scope.clone(), who.clone());
        self.create(Asked { kind: Kind::Processing, name, arn, scope, principal, token, request, plan }).await
    }

    /// Makes a job and has it begun. Names are unique; the same token gets the same job.
    pub async fn create(&self, asked: Asked) -> Result<Job, Error> {
        if asked.plan.role.account != asked.scope.account.as_str() {
            return Err(Error::StrangeRole);
        }
        if let Some(there) = self.find(asked.kind, &asked.scope, &asked.name).await? {
            return adopt(there.value, &asked);
        }
        let job = begun(asked, self.ground.now())?;
        let mut changes = Changes::new();
        changes.put(&job, Expect::Absent)?;
        changes.schedule(WorkItem::now(watch::TOPIC, work_id(&job), ""));
        told::tell(&mut changes, &job)?;
        audit::note(&mut changes, &self.ground, &job.principal, job.kind.action(), &job.arn)?;
        match self.ground.store.commit(changes).await {
            Err(trainyard_store::Error::Conflict(_)) => Err(in_use(&job)),
            other => other.map(|()| job).map_err(Error::from),
        }
    }

    /// The job, if there is one.
    pub async fn find(&self, kind: Kind, scope: &Scope, name: &str) -> Result<Option<Held<Job>>, Error> {
        Ok(self.ground.store.get(&scope_key(scope), &document_id(kind, name)).await?)
    }

    /// The job.
    pub async fn get(&self, kind: Kind, scope: &Scope, name: &str) -> Result<Job, Error> {
        self.find(kind, scope, name).await?.map(|held| held.value).ok_or(Error::NotFound)
    }

    /// The job with this ARN, wherever it is.
    pub async fn by_arn(&self, arn: &str) -> Result<Option<Job>, Error> {
        let page = self.ground.store.list::<Job>(List::everywhere().equal("arn", arn).limit(1)).await?;
        Ok(page.items.into_iter().next().map(|held| held.value))
    }

    /// The job as its Describe operation shows it, times in milliseconds.
    pub fn describe(&self, job: &Job) -> Value {
        match job.kind {
            Kind::Training => describe::training(job),
            Kind::Processing | Kind::Build => describe::processing(job),
        }
    }

    /// The job as its List operation shows it, times in milliseconds.
    pub fn summary(&self, job: &Job) -> Value {
        match job.kind {
            Kind::Training => describe::training_summary(job),
            Kind::Processing | Kind::Build => describe::processing_summary(job),
        }
    }

    /// One page of jobs by creation, and the next page's cursor.
    pub async fn list(
        &self,
        kind: Kind,
        scope: &Scope,
        filter: &Filter,
        listing: &Listing,
    ) -> Result<(Vec<Job>, Option<String>), Error> {
        let created =
            Range::numbers(filter.created.0.map(Timestamp::millis), filter.created.1.map(Timestamp::millis));
        let list = List::in_scope(scope_key(scope)).by(created_key(kind)).within(created);
        let fits = |job: &Job| {
            listing.names(&job.name)
                && filter.status.as_ref().is_none_or(|status| describe::status(job) == status)
        };
        Ok(listing::page(&self.ground.store, list, listing, fits).await?)
    }

    /// Asks a job to end. Nothing happens to one that is over.
    pub async fn stop(&self, kind: Kind, scope: &Scope, name: &str) -> Result<Job, Error> {
        loop {
            let held = self.find(kind, scope, name).await?.ok_or(Error::NotFound)?;
            let mut job = held.value;
            if job.is_over() || job.stop.is_some() {
                return Ok(job);
            }
            job.stop = Some(Stop::Asked);
            job.modified = self.ground.now();
            let mut changes = Changes::new();
            changes.put(&job, Expect::Version(held.version))?;
            changes.schedule(WorkItem::now(watch::TOPIC, work_id(&job), ""));
            told::tell(&mut changes, &job)?;
            match self.ground.store.commit(changes).await {
                Err(trainyard_store::Error::Conflict(_)) => {}
                other => return other.map(|()| job).map_err(Error::from),
            }
        }
    }
}

/// The work on a job is named `<scope> <document id>`.
pub(super) fn work_id(job: &Job) -> String {
    format!("{} {}", job.scope, document_id(job.kind, &job.name))
}

fn adopt(there: Job, asked: &Asked) -> Result<Job, Error> {
    if asked.token.is_some() && there.token == asked.token { Ok(there) } else { Err(in_use(&there)) }
}

fn in_use(job: &Job) -> Error {
    let what = match job.kind {
        Kind::Training => "Training job",
        Kind::Processing => "Processing job",
        Kind::Build => "Build",
    };
    let arn = &job.arn;
    Error::InUse(format!(
        "{what} names must be unique within an AWS account and region, and a {} with this name already exists ({arn})",
        what.to_lowercase()
    ))
}

fn begun(asked: Asked, now: Timestamp) -> Result<Job, Error> {
    // The name may be used again one day by another server on the same driver: the moment makes the id unique.
    let label = format!("job-{}", label_from(&[&asked.arn.to_string(), &now.millis().to_string()]));
    let id = JobId::try_from(label).map_err(|e| Error::Trouble(e.to_string()))?;
    let mut principal = asked.principal;
    principal.lineage.job = Some(asked.arn.to_string());
    Ok(Job {
        id,
        kind: asked.kind,
        scope: asked.scope,
        name: asked.name,
        arn: asked.arn,
        request: asked.request,
        principal,
        token: asked.token,
        plan: asked.plan,
        phase: Phase::Starting,
        stop: None,
        image: None,
        inputs: Vec::new(),
        created: now,
        started: None,
        ended: None,
        modified: now,
        moves: vec![(Phase::Starting, now)],
        exit: None,
        kept: false,
        failure: None,
        metrics: Vec::new(),
        message: None,
    })
}

fn shown(request: &impl serde::Serialize) -> Result<Value, Error> {
    serde_json::to_value(request).map_err(|e| Error::Trouble(e.to_string()))
}
