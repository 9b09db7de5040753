//! Jobs as processes of this machine, each under a supervisor that outlives the server.

mod queue;

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use queue::Queue;
use serde::{Deserialize, Serialize};
use trainyard_domain::{
    Kind, Timestamp,
    job::{JobId, JobSpec, JobStatus, LogPage},
    ports::{DriverError, JobDriver},
};

use crate::{
    process::{
        Host, ProcessConfig, Separation,
        directory::{Directory, Seen},
        identity, log,
    },
    trouble,
};

/// How often something that may pass is tried before the job is refused.
const ATTEMPTS: u32 = 5;
/// How long to wait between two tries.
const PAUSE: Duration = Duration::from_secs(1);

/// Runs jobs as processes. Cheap to clone; all clones are one driver.
#[derive(Clone)]
pub struct Process {
    host: Arc<Host>,
    state: Arc<Mutex<State>>,
}

/// What is known beyond the directories; all of it can be lost.
struct State {
    queue: Queue,
    /// Whose image is being unpacked.
    preparing: HashSet<JobId>,
    /// Whose supervisor is a child of this process.
    children: HashSet<JobId>,
    /// How often a start has failed.
    failures: HashMap<JobId, u32>,
}

/// `spec.json` of a job.
#[derive(Serialize, Deserialize)]
struct Kept {
    created: Timestamp,
    spec: JobSpec,
}

impl Process {
    /// A driver for the jobs in the directory; those that run there already are adopted. Its verbs must be called
    /// within a tokio runtime.
    pub fn new(config: ProcessConfig) -> Result<Self, DriverError> {
        let host = Arc::new(Host::new(config)?);
        let queue = Queue::new(host.memory_bytes());
        let state =
            State { queue, preparing: HashSet::new(), children: HashSet::new(), failures: HashMap::new() };
        let driver = Self { host, state: Arc::new(Mutex::new(state)) };
        driver.adopt().map_err(|error| trouble::at("read", driver.host.directory(), &error))?;
        Ok(driver)
    }

    fn adopt(&self) -> io::Result<()> {
        for entry in fs::read_dir(self.host.directory())? {
            let entry = entry?;
            let Ok(id) = JobId::try_from(entry.file_name().to_string_lossy().into_owned()) else { continue };
            let run = Directory::new(entry.path());
            match run.look() {
                Ok(Seen::Starting(_) | Seen::Running(..)) => {
                    let kept: Option<Kept> = run.spec()?;
                    let bytes = kept.map_or(0, |kept| kept.spec.resources.memory_bytes);
                    self.state().queue.adopt(id, bytes);
                }
                Ok(_) => {}
                Err(error) => tracing::warn!(job = %id, %error, "a job's directory cannot be read"),
            }
        }
        Ok(())
    }

    /// How far jobs are kept apart from the host. The first call tries it out, which takes some milliseconds and
    /// blocks.
    pub fn isolation(&self) -> &Separation {
        self.host.isolation()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run(&self, id: &JobId) -> Directory {
        Directory::new(self.host.directory().join(id.as_str()))
    }

    /// Does blocking work on a job away from the runtime's own threads.
    async fn on<T: Send + 'static>(
        &self,
        id: &JobId,
        work: impl FnOnce(Self, JobId, Directory) -> io::Result<T> + Send + 'static,
    ) -> Result<T, DriverError> {
        let (driver, id, run) = (self.clone(), id.clone(), self.run(id));
        let path = run.path().to_owned();
        let done = tokio::task::spawn_blocking(move || work(driver, id, run)).await;
        done.map_err(|error| trouble::cut_short(&error))?.map_err(|error| trouble::at("use", &path, &error))
    }

    /// Looks at the job and does what is missing for it to go on.
    fn attend(&self, id: &JobId, run: &Directory) -> io::Result<Seen> {
        let seen = self.host.look(run)?;
        match &seen {
            Seen::Waiting if run.stop_asked()?.is_some() => {
                run.finish_unstarted()?;
                self.state().queue.leave(id);
                return self.host.look(run);
            }
            Seen::Waiting => {
                self.state().forget_stranger(id);
                self.prepare(id);
            }
            Seen::Starting(_) | Seen::Running(..) => {}
            _ => self.state().queue.leave(id),
        }
        self.admit();
        Ok(seen)
    }

    /// Begins to prepare the job, unless that has been done.
    fn prepare(&self, id: &JobId) {
        let mut state = self.state();
        if !state.queue.knows(id) && state.preparing.insert(id.clone()) {
            let (driver, id) = (self.clone(), id.clone());
            tokio::spawn(async move {
                if let Err(error) = driver.get_ready(&id).await {
                    tracing::warn!(job = %id, %error, "a job cannot be prepared");
                }
                driver.state().preparing.remove(&id);
                driver.admit();
            });
        }
    }

    async fn get_ready(&self, id: &JobId) -> Result<(), DriverError> {
        let Some(kept) = self.on(id, |_, _, run| run.spec::<Kept>()).await? else { return Ok(()) };
        let bytes = kept.spec.resources.memory_bytes;
        let run = self.run(id);
        for attempt in 1.. {
            match self.host.prepare(&run, kept.spec.clone().into()).await {
                Ok(()) => break,
                Err(error) if error.kind == Kind::Invalid || attempt == ATTEMPTS => {
                    return self.on(id, move |_, _, run| run.refuse(&error.message)).await;
                }
                Err(_) => tokio::time::sleep(PAUSE).await,
            }
        }
        self.state().queue.wait(id.clone(), kept.created, bytes);
        Ok(())
    }

    /// Starts whoever may start now.
    fn admit(&self) {
        self.let_go();
        loop {
            let Some(id) = self.state().admit() else { return };
            let run = self.run(&id);
            match self.host.supervise(&run) {
                Ok(mut child) => {
                    let driver = self.clone();
                    tokio::spawn(async move {
                        let _ = child.wait().await;
                        let over = driver.on(&id, |driver, id, run| driver.supervisor_ended(&id, &run)).await;
                        if let Err(error) = over {
                            tracing::warn!(job = %id, %error, "what became of a job cannot be seen");
                        }
                    });
                }
                Err(error) => {
                    self.start_failed(&id, &run, &format!("a supervisor cannot be started: {error}"))
                }
            }
        }
    }

    /// Takes back what adopted jobs held that have ended.
    fn let_go(&self) {
        let mut state = self.state();
        if !state.queue.anybody_waits() {
            return;
        }
        let strangers: Vec<JobId> =
            state.queue.live().filter(|id| !state.children.contains(id)).cloned().collect();
        for id in strangers {
            if !matches!(self.run(&id).look(), Ok(Seen::Starting(_) | Seen::Running(..))) {
                state.queue.leave(&id);
            }
        }
    }

    fn supervisor_ended(&self, id: &JobId, run: &Directory) -> io::Result<()> {
        self.state().children.remove(id);
        match self.host.look(run)? {
            Seen::Waiting => self.start_failed(id, run, "its supervisor ended before it started"),
            // Another server's supervisor was faster.
            Seen::Starting(_) | Seen::Running(..) => {}
            _ => self.state().queue.leave(id),
        }
        self.admit();
        Ok(())
    }

    fn start_failed(&self, id: &JobId, run: &Directory, why: &str) {
        let mut state = self.state();
        state.queue.leave(id);
        state.children.remove(id);
        let failures = state.failures.entry(id.clone()).or_default();
        *failures += 1;
        if *failures >= ATTEMPTS
            && let Err(error) = run.refuse(why)
        {
            tracing::warn!(job = %id, %error, why, "a job cannot be started");
        }
    }

    fn waits_for(&self, id: &JobId) -> String {
        let state = self.state();
        match state.queue.why(id) {
            Some(why) => why,
            None if state.preparing.contains(id) => "its image is being unpacked".into(),
            None => "it is being started".into(),
        }
    }
}

impl State {
    /// Lets the oldest in, if there is room for it; its supervisor will be a child of this process.
    fn admit(&mut self) -> Option<JobId> {
        let id = self.queue.admit()?;
        self.children.insert(id.clone());
        Some(id)
    }

    /// Takes back what an adopted job held whose supervisor is gone.
    fn forget_stranger(&mut self, id: &JobId) {
        if self.queue.is_live(id) && !self.children.contains(id) {
            self.queue.leave(id);
        }
    }
}

#[async_trait]
impl JobDriver for Process {
    fn name(&self) -> &'static str {
        "process"
    }

    async fn ensure(&self, spec: &JobSpec) -> Result<(), DriverError> {
        let kept = Kept { created: identity::now(), spec: spec.clone() };
        self.on(&spec.id, move |driver, id, run| {
            if !run.path().exists() {
                let refusal = driver.host.refusal(&kept.spec.clone().into());
                run.create(&kept, refusal.as_deref())?;
            }
            driver.attend(&id, &run).map(|_| ())
        })
        .await
    }

    async fn observe(&self, id: &JobId) -> Result<JobStatus, DriverError> {
        self.on(id, |driver, id, run| {
            Ok(match driver.attend(&id, &run)? {
                Seen::Absent => JobStatus::Absent,
                Seen::Refused(reason) => JobStatus::Refused { reason },
                Seen::Lost(reason) => JobStatus::Lost { reason },
                Seen::Ended(exit) => JobStatus::Ended(exit),
                Seen::Running(_, started) => JobStatus::Running { since: started.time },
                Seen::Waiting | Seen::Starting(_) | Seen::Vanished(_) => {
                    JobStatus::Waiting { reason: driver.waits_for(&id) }
                }
            })
        })
        .await
    }

    async fn logs(&self, id: &JobId, from: u64) -> Result<LogPage, DriverError> {
        self.on(id, move |_, _, run| log::page(&run.log(), from)).await
    }

    async fn stop(&self, id: &JobId, grace: Duration) -> Result<(), DriverError> {
        self.on(id, move |driver, id, run| {
            driver.host.stop(&run, grace)?;
            if run.has_ended()? {
                driver.state().queue.leave(&id);
                driver.admit();
            }
            Ok(())
        })
        .await
    }

    async fn forget(&self, id: &JobId) -> Result<(), DriverError> {
        let seen = self.on(id, |driver, _, run| driver.host.look(&run)).await?;
        if matches!(seen, Seen::Waiting | Seen::Starting(_) | Seen::Running(..)) {
            return Err(DriverError::new(Kind::Conflict, format!("job {id} has not ended")));
        }
        self.on(id, |driver, id, run| {
            let mut state = driver.state();
            state.queue.leave(&id);
            state.failures.remove(&id);
            drop(state);
            run.remove()
        })
        .await
    }
}
