//! Serving variants as processes of this machine, each on a loopback port of its own.
//!
//! Variants reserve no memory against jobs: an endpoint that is there for weeks would keep jobs from ever
//! starting. The limit of what each may use holds all the same.

mod invoke;
mod ping;
mod runs;

use std::{
    collections::{HashMap, HashSet},
    fs, io,
    net::{Ipv4Addr, SocketAddr, TcpListener},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use runs::Address;
use serde::{Deserialize, Serialize};
use tokio::process::Child;
use trainyard_domain::{
    Kind, Timestamp,
    job::{Exit, LogPage},
    ports::{DriverError, ServingDriver},
    serving::{Health, Invocation, Reply, VariantId, VariantSpec},
};

use crate::{
    process::{
        Host, ProcessConfig, Separation, Work,
        directory::{Directory, Seen},
        identity,
    },
    trouble,
};

/// How long a variant that is removed may take its time.
const GRACE: Duration = Duration::from_secs(10);
/// How often a look is taken whether it has gone.
const LOOK: Duration = Duration::from_millis(20);

/// Serves variants as processes. Cheap to clone; all clones are one driver.
#[derive(Clone)]
pub struct Process {
    host: Arc<Host>,
    state: Arc<Mutex<State>>,
    models: invoke::Models,
}

/// What is known beyond the directories; all of it can be lost.
#[derive(Default)]
struct State {
    /// Who is being brought up.
    busy: HashSet<VariantId>,
    /// Why it could not be.
    trouble: HashMap<VariantId, String>,
    /// Where those are that answered when they were last looked at.
    addresses: HashMap<VariantId, SocketAddr>,
}

/// `spec.json` of a variant.
#[derive(Serialize, Deserialize)]
struct Kept {
    created: Timestamp,
    spec: VariantSpec,
}

/// What the files say of a variant.
enum Found {
    Absent,
    Unstarted(Timestamp),
    Refused(String),
    Run(Directory, Seen),
}

impl Process {
    /// A driver for the variants in the directory; those that run there already are there. Its verbs must be
    /// called within a tokio runtime.
    pub fn new(config: ProcessConfig) -> Result<Self, DriverError> {
        Ok(Self { host: Arc::new(Host::new(config)?), state: Arc::default(), models: invoke::Models::new() })
    }

    /// How far variants are kept apart from the host. The first call tries it out, which takes some milliseconds and
    /// blocks.
    pub fn isolation(&self) -> &Separation {
        self.host.isolation()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn variant(&self, id: &VariantId) -> Directory {
        Directory::new(self.host.directory().join(id.as_str()))
    }

    /// Does blocking work on a variant away from the runtime's own threads.
    async fn on<T: Send + 'static>(
        &self,
        id: &VariantId,
        work: impl FnOnce(Self, Directory) -> io::Result<T> + Send + 'static,
    ) -> Result<T, DriverError> {
        let (driver, variant) = (self.clone(), self.variant(id));
        let path = variant.path().to_owned();
        let done = tokio::task::spawn_blocking(move || work(driver, variant)).await;
        done.map_err(|error| trouble::cut_short(&error))?.map_err(|error| trouble::at("use", &path, &error))
    }

    async fn find(&self, id: &VariantId) -> Result<Found, DriverError> {
        self.on(id, |driver, variant| {
            if let Some(run) = runs::last(&variant)? {
                let seen = driver.host.look(&run)?;
                return Ok(Found::Run(run, seen));
            }
            Ok(match variant.look()? {
                Seen::Absent => Found::Absent,
                Seen::Refused(reason) => Found::Refused(reason),
                _ => {
                    let kept: Option<Kept> = variant.spec()?;
                    Found::Unstarted(kept.map_or_else(identity::now, |kept| kept.created))
                }
            })
        })
        .await
    }

    /// Starts the variant's process. Its spec is on the disk.
    async fn bring_up(&self, id: &VariantId, spec: VariantSpec) -> Result<(), DriverError> {
        let mut work = Work::from(spec);
        self.host.unpack(&work).await?;
        let unstarted = match self.find(id).await? {
            Found::Run(run, Seen::Waiting) => Some(run),
            Found::Run(_, Seen::Starting(_) | Seen::Running(..)) | Found::Absent => return Ok(()),
            _ => None,
        };
        let run = match unstarted {
            Some(run) => run,
            None => self.on(id, |_, variant| runs::add(&variant, &Address { port: free_port()? })).await?,
        };
        let address: Option<Address> = {
            let run = run.clone();
            self.on(id, move |_, _| run.spec()).await?
        };
        let port = address.map(|address| address.port.to_string()).unwrap_or_default();
        work.env.insert("SAGEMAKER_BIND_TO_PORT".into(), port);
        // Only the server reaches a model: one that asks where to listen is not open to the network.
        work.env.entry("BIND_ADDRESS".into()).or_insert_with(|| Ipv4Addr::LOCALHOST.to_string());
        self.host.prepare(&run, work).await?;
        let mut child =
            self.host.supervise(&run).map_err(|error| trouble::at("supervise", run.path(), &error))?;
        // Until it watches over the run, the run would look as if nobody had started it.
        let early = |found| matches!(found, Found::Run(_, Seen::Waiting));
        let gone = |child: &mut Child| child.try_wait().map_or(true, |exit| exit.is_some());
        while early(self.find(id).await?) && !gone(&mut child) {
            tokio::time::sleep(LOOK).await;
        }
        tokio::spawn(async move { child.wait().await });
        Ok(())
    }
}

#[async_trait]
impl ServingDriver for Process {
    fn name(&self) -> &'static str {
        "process"
    }

    async fn ensure(&self, spec: &VariantSpec) -> Result<(), DriverError> {
        let kept = Kept { created: identity::now(), spec: spec.clone() };
        self.on(&spec.id, move |driver, variant| {
            if variant.path().exists() {
                return Ok(());
            }
            let refusal = driver.host.refusal(&kept.spec.clone().into());
            variant.create(&kept, refusal.as_deref()).map(|_| ())
        })
        .await?;
        let there = match self.find(&spec.id).await? {
            Found::Refused(_) | Found::Run(_, Seen::Starting(_) | Seen::Running(..)) => true,
            Found::Absent | Found::Unstarted(_) | Found::Run(..) => false,
        };
        if there || !self.state().busy.insert(spec.id.clone()) {
            return Ok(());
        }
        let driver = self.clone();
        let spec = spec.clone();
        tokio::spawn(async move {
            let id = spec.id.clone();
            let done = driver.bring_up(&id, spec).await;
            let mut state = driver.state();
            state.trouble.remove(&id);
            state.busy.remove(&id);
            if let Err(error) = done {
                state.trouble.insert(id, error.to_string());
            }
        });
        Ok(())
    }

    async fn observe(&self, id: &VariantId) -> Result<Health, DriverError> {
        let found = self.find(id).await?;
        let (busy, trouble) = {
            let state = self.state();
            (state.busy.contains(id), state.trouble.get(id).cloned())
        };
        Ok(match found {
            Found::Absent => Health::Absent,
            Found::Refused(reason) => Health::Failed { reason },
            Found::Run(run, Seen::Running(_, started)) => {
                let address: Option<Address> = self.on(id, move |_, _| run.spec()).await?;
                let port = address.map_or(0, |address| address.port);
                let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
                match ping::trouble(address).await {
                    None => {
                        self.state().addresses.insert(id.clone(), address);
                        Health::Ready
                    }
                    Some(reason) => Health::Starting { since: started.time, reason },
                }
            }
            Found::Unstarted(since) if busy => {
                Health::Starting { since, reason: "its image is being unpacked".into() }
            }
            Found::Run(..) if busy => {
                Health::Starting { since: identity::now(), reason: "it is being started again".into() }
            }
            _ if trouble.is_some() => Health::Failed { reason: trouble.unwrap_or_default() },
            Found::Unstarted(_) | Found::Run(_, Seen::Waiting) => Health::Unstarted,
            Found::Run(_, seen) => of_no_process(seen),
        })
    }

    async fn invoke(&self, id: &VariantId, invocation: Invocation) -> Result<Reply, DriverError> {
        let address = self.state().addresses.get(id).copied();
        let unseen = || DriverError::new(Kind::Unavailable, format!("the variant {id} has not answered yet"));
        self.models.invoke(address.ok_or_else(unseen)?, invocation).await
    }

    async fn logs(&self, id: &VariantId, from: u64) -> Result<LogPage, DriverError> {
        self.on(id, move |_, variant| runs::page(&variant, from)).await
    }

    async fn remove(&self, id: &VariantId) -> Result<(), DriverError> {
        self.state().trouble.remove(id);
        self.state().addresses.remove(id);
        let asked = tokio::time::Instant::now();
        loop {
            let Found::Run(run, Seen::Waiting | Seen::Starting(_) | Seen::Running(..)) =
                self.find(id).await?
            else {
                break;
            };
            self.on(id, move |driver, _| driver.host.stop(&run, GRACE)).await?;
            if asked.elapsed() > GRACE + Duration::from_secs(2) {
                // Its supervisor ends it when the directory goes.
                break;
            }
            tokio::time::sleep(LOOK).await;
        }
        self.on(id, |_, variant| variant.remove()).await
    }

    async fn list(&self) -> Result<Vec<VariantId>, DriverError> {
        let directory = self.host.directory().to_owned();
        let read = || -> io::Result<Vec<VariantId>> {
            let mut ids = Vec::new();
            for entry in fs::read_dir(&directory)? {
                ids.extend(
                    entry?.file_name().into_string().ok().and_then(|name| VariantId::try_from(name).ok()),
                );
            }
            ids.sort();
            Ok(ids)
        };
        read().map_err(|error| trouble::at("list", &directory, &error))
    }
}

/// The health of a variant whose process is not there.
fn of_no_process(seen: Seen) -> Health {
    let starting = |reason: &str| Health::Starting { since: identity::now(), reason: reason.to_owned() };
    match seen {
        Seen::Waiting => Health::Unstarted,
        Seen::Starting(_) | Seen::Absent | Seen::Vanished(_) | Seen::Running(..) => {
            starting("it is being started")
        }
        Seen::Refused(reason) | Seen::Lost(reason) => Health::Failed { reason },
        Seen::Ended(Exit { out_of_memory: true, .. }) => {
            Health::Failed { reason: "it used more memory than it may".into() }
        }
        Seen::Ended(Exit { code, .. }) => {
            Health::Failed { reason: format!("it ended with exit status {code}") }
        }
    }
}

/// A port that nobody has now. Who is faster may have it when the variant wants it: then the variant fails, and
/// is started again with another one.
fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port())
}
