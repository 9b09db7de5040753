//! The room's loop: takes each job from phase to phase. Every phase is safe to begin again after a crash.

use std::{collections::HashSet, io, sync::Arc, time::Duration};

use async_trait::async_trait;
use trainyard_domain::{
    Scope,
    job::{Exit, JobStatus},
};
use trainyard_store::{Changes, Expect, Held, List, WorkItem};

use super::{
    Error,
    decide::{self, Step},
    error::NotMoved,
    job::{End, Job, OPEN_KEY, Phase, Stop},
    room::Jobs,
    stage, told,
};
use crate::{
    logs::{self, StreamName},
    work::{Outcome, Worker},
};

pub(super) const TOPIC: &str = "jobs";

/// How long a job may take to end when it is asked to.
/// <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StopTrainingJob.html>
const GRACE: Duration = Duration::from_secs(120);

/// The jobs that are not over.
pub struct Watch(pub Jobs);

#[async_trait]
impl Worker for Watch {
    const TOPIC: &'static str = TOPIC;
    const WIDTH: usize = 64;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn std::error::Error + Send + Sync>> {
        let (scope, id) = item.id.split_once(' ').unwrap_or_default();
        match self.0.ground.store.get::<Job>(scope, id).await? {
            // Somebody asked it to stop meanwhile: the step begins again with what is there now.
            Some(held) => match self.0.step(held).await {
                Err(Error::Store(trainyard_store::Error::Conflict(_))) => Ok(Outcome::Later(Duration::ZERO)),
                other => Ok(other?),
            },
            None => Ok(Outcome::Finished(Changes::new())),
        }
    }
}

impl Jobs {
    /// One step of one job.
    async fn step(&self, held: Held<Job>) -> Result<Outcome, Error> {
        match held.value.phase {
            Phase::Starting if held.value.stop.is_some() => self.over(held, End::Stopped, None).await,
            Phase::Starting => self.start(held).await,
            Phase::Downloading if held.value.stop.is_some() => self.over(held, End::Stopped, None).await,
            Phase::Downloading => self.download_all(held).await,
            Phase::Running => self.run(held).await,
            Phase::Uploading => self.keep(held).await,
            Phase::Ended(_) => self.clear(&held.value).await,
        }
    }

    async fn start(&self, mut held: Held<Job>) -> Result<Outcome, Error> {
        if !Self::is_staged(&held.value) {
            return self.moved(held, Phase::Running).await;
        }
        match self.images.resolve(&held.value.plan.image, &held.value.scope).await {
            Ok(image) => {
                held.value.image = Some(image);
                self.moved(held, Phase::Downloading).await
            }
            Err(error) if crate::refusal::is_passing(&error) => Err(Error::Trouble(error.to_string())),
            Err(error) => self.over(held, End::Failed, Some(format!("ClientError: {error}"))).await,
        }
    }

    async fn download_all(&self, mut held: Held<Job>) -> Result<Outcome, Error> {
        match self.stage(&held.value).await {
            Ok(inputs) => {
                held.value.inputs = inputs;
                self.moved(held, Phase::Running).await
            }
            Err(NotMoved::Failed(reason)) => self.over(held, End::Failed, Some(reason)).await,
            Err(NotMoved::Trouble(error)) => Err(error),
        }
    }

    async fn run(&self, mut held: Held<Job>) -> Result<Outcome, Error> {
        let now = self.ground.now();
        let seen = self.driver.observe(&held.value.id).await?;
        self.pump(&held.value).await?;
        match decide::next(&held.value, &seen, now) {
            Step::Launch => {
                let spec = match self.spec(&held.value) {
                    Err(Error::Invalid(reason)) => {
                        return self.over(held, End::Failed, Some(format!("ClientError: {reason}"))).await;
                    }
                    spec => spec?,
                };
                self.driver.ensure(&spec).await?;
                Ok(Outcome::Later(decide::pause(Duration::ZERO)))
            }
            Step::Watch => self.still(held, &seen).await,
            Step::Interrupt(stop) => self.interrupt(held, stop).await,
            Step::Collect(exit) => {
                held.value.started = Some(exit.started);
                held.value.ended = Some(exit.ended);
                held.value.exit = Some(exit);
                self.moved(held, Phase::Uploading).await
            }
            Step::End(end, reason) => self.over(held, end, reason).await,
        }
    }

    /// Notes when the program started, and looks again later.
    async fn still(&self, mut held: Held<Job>, seen: &JobStatus) -> Result<Outcome, Error> {
        let JobStatus::Running { since } = seen else {
            return Ok(Outcome::Later(decide::pause(Duration::ZERO)));
        };
        if held.value.started.is_none() {
            held.value.started = Some(*since);
            held.value.modified = self.ground.now();
            self.commit(&held).await?;
        }
        Ok(Outcome::Later(decide::pause(self.ground.now().since(*since))))
    }

    async fn interrupt(&self, mut held: Held<Job>, stop: Stop) -> Result<Outcome, Error> {
        if held.value.stop.is_none() {
            held.value.stop = Some(stop);
            held.value.modified = self.ground.now();
            self.commit(&held).await?;
        }
        self.driver.stop(&held.value.id, GRACE).await?;
        Ok(Outcome::Later(decide::pause(Duration::ZERO)))
    }

    async fn keep(&self, mut held: Held<Job>) -> Result<Outcome, Error> {
        self.pump(&held.value).await?;
        let exit = held.value.exit.clone().unwrap_or_else(|| unknown_exit(&held.value));
        let mut end = decide::verdict(&held.value, &exit);
        let mut reason = None;
        if Self::is_staged(&held.value) {
            if end == End::Failed {
                let said = self.said(&held.value, "output/failure").await?;
                reason = Some(decide::failure(held.value.kind, &exit, &said));
            }
            let message = self.said(&held.value, "output/message").await?;
            held.value.message = Some(message).filter(|text| !text.is_empty());
            match self.collect(&held.value, end).await {
                Ok(()) => held.value.kept = end != End::Failed,
                Err(NotMoved::Trouble(error)) => return Err(error),
                Err(NotMoved::Failed(why)) => {
                    reason = reason.or(Some(why));
                    end = if end == End::Completed { End::Failed } else { end };
                }
            }
        } else if end == End::Failed {
            reason = Some(decide::failure(held.value.kind, &exit, ""));
        }
        held.value.metrics = self.metrics(&held.value).await?;
        self.over(held, end, reason).await
    }

    /// The job is over: what it leaves is cleared by the step that follows.
    async fn over(&self, mut held: Held<Job>, end: End, reason: Option<String>) -> Result<Outcome, Error> {
        held.value.failure = reason;
        held.value.ended = held.value.ended.or(held.value.started.map(|_| self.ground.now()));
        self.moved(held, Phase::Ended(end)).await
    }

    async fn clear(&self, job: &Job) -> Result<Outcome, Error> {
        self.pump(job).await?;
        if matches!(
            self.driver.observe(&job.id).await?,
            JobStatus::Running { .. } | JobStatus::Waiting { .. }
        ) {
            self.driver.stop(&job.id, GRACE).await?;
            return Ok(Outcome::Later(decide::pause(Duration::ZERO)));
        }
        self.driver.forget(&job.id).await?;
        if Self::is_staged(job) {
            stage::remove(&self.home(job)).await?;
        }
        Ok(Outcome::Finished(Changes::new()))
    }

    async fn moved(&self, mut held: Held<Job>, phase: Phase) -> Result<Outcome, Error> {
        if !held.value.phase.may_become(phase) {
            return Err(Error::Trouble(format!(
                "{} cannot go from {:?} to {phase:?}",
                held.value.arn, held.value.phase
            )));
        }
        let now = self.ground.now();
        held.value.phase = phase;
        held.value.modified = now;
        held.value.moves.push((phase, now));
        self.commit(&held).await?;
        Ok(Outcome::Later(Duration::ZERO))
    }

    /// Commits the job as it now is, and tells. A conflict (somebody asked it to stop) makes the step begin again.
    async fn commit(&self, held: &Held<Job>) -> Result<(), Error> {
        let mut changes = Changes::new();
        changes.put(&held.value, Expect::Version(held.version))?;
        told::tell(&mut changes, &held.value)?;
        Ok(self.ground.store.commit(changes).await?)
    }

    /// Moves what the job has printed into its log stream.
    async fn pump(&self, job: &Job) -> Result<(), Error> {
        let name = StreamName {
            scope: job.scope.clone(),
            group: job.plan.log_group.clone(),
            stream: job.log_stream(),
        };
        let trouble = |e: logs::Error| Error::Trouble(e.to_string());
        let mut from = self.logs.position(&name).await.map_err(trouble)?;
        loop {
            let page = self.driver.logs(&job.id, from).await?;
            if page.next == from {
                return Ok(());
            }
            from = self.logs.append(&name, from, &page).await.map_err(trouble)?;
        }
    }
}

fn unknown_exit(job: &Job) -> Exit {
    Exit { code: 1, out_of_memory: false, started: job.created, ended: job.modified }
}

/// Starts the loop.
impl Jobs {
    /// The room's worker.
    pub fn watch(&self) -> Arc<Watch> {
        Arc::new(Watch(self.clone()))
    }

    /// The jobs that are not over.
    pub async fn open(&self) -> Result<Vec<Job>, Error> {
        let (mut open, mut after) = (Vec::new(), None);
        loop {
            let list = List::everywhere().by(OPEN_KEY).limit(1000).after(after);
            let page = self.ground.store.list::<Job>(list).await?;
            open.extend(page.items.into_iter().map(|held| held.value));
            after = page.next;
            if after.is_none() {
                return Ok(open);
            }
        }
    }

    /// The jobs of a scope that wait for room, each with what it waits for. The driver is asked, nothing is kept: what
    /// is free changes with every job that ends.
    pub async fn waiting(&self, scope: &Scope) -> Result<Vec<(Job, String)>, Error> {
        let mut waiting = Vec::new();
        let unstarted = |job: &Job| job.phase == Phase::Running && job.started.is_none();
        for job in self.open().await?.into_iter().filter(|job| job.scope == *scope && unstarted(job)) {
            if let JobStatus::Waiting { reason } = self.driver.observe(&job.id).await? {
                waiting.push((job, reason));
            }
        }
        Ok(waiting)
    }

    /// Clears directories of jobs that are over: a crash can leave some behind.
    pub async fn sweep(&self) -> Result<(), Error> {
        let directory = self.config.directory.clone();
        // The directories first: one that is made after this belongs to a job that is open.
        let read = move || -> io::Result<Vec<_>> { Ok(std::fs::read_dir(directory)?.flatten().collect()) };
        let there = stage::blocking(&self.config.directory, read).await?;
        let open: HashSet<_> = self.open().await?.into_iter().map(|job| job.id.to_string()).collect();
        for entry in there {
            let name = entry.file_name().to_string_lossy().into_owned();
            // A job's own directory, or an archive that is named after it.
            if !open.contains(name.split('.').next().unwrap_or_default()) {
                match tokio::fs::remove_file(entry.path()).await {
                    Ok(()) => {}
                    Err(_) => stage::remove(&entry.path()).await?,
                }
            }
        }
        Ok(())
    }
}
