//! Puts the house together: store, drivers, rooms, and the loops that keep the rooms going.

use std::{
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use trainyard_domain::ports::{Blobs, DriverError, JobDriver, Outside, ServingDriver};
use trainyard_drivers::{blobs::Disk, jobs, outside, process, serving, sources};
use trainyard_services::{
    Services,
    approvals::{self, Approvals},
    artifacts::{Artifacts, Removal},
    audit,
    builds::{self, Builds, BuildsConfig},
    bus::Bus,
    connections::{self, Connections},
    endpoints::{self, Endpoints, EndpointsConfig},
    executions::{self, Executions, task::Task},
    ground::Ground,
    hooks::Hooks,
    identity::Identity,
    images::Images,
    jobs::{Jobs, JobsConfig},
    logs::Logs,
    queues::Queues,
    registry::Registry,
    repositories::{Repositories, RepositoriesConfig},
    schedules::Schedules,
    stacks::{self, Stacks},
    targets,
    tasks::{self, Tasks, events_put_events::EventsPutEvents},
    work,
};
use trainyard_store::Store;
use trainyard_wire::aws_sdk::AwsSdk;

use crate::{
    config::{Config, Isolation},
    failure::Failure,
};

/// Opens everything that is kept in the data directory and builds the rooms on it. `url` is where jobs and builds
/// reach the server.
pub(crate) async fn rooms(config: &Config, url: &str) -> Result<Arc<Services>, Failure> {
    let data = &config.data;
    let store = Store::open(&data.join("store")).await.map_err(|e| Failure::usage(e.to_string()))?;
    let blobs: Arc<dyn Blobs> = Arc::new(Disk::open(&data.join("blobs")).map_err(refused)?);
    let (job_driver, serving_driver) = drivers(config, &blobs)?;
    let ground = Ground::new(store.beside(Arc::clone(&blobs)));
    let floor = Floor::open(ground, blobs, config, url).await?;
    let jobs = floor.jobs(Arc::new(job_driver))?;
    let Floor { ground, identity, logs, artifacts, images, .. } = floor.clone();
    let registry = Registry::new(ground.clone(), images.clone(), artifacts.clone(), jobs.clone());
    let endpoints = floor.endpoints(Arc::new(serving_driver), registry.clone())?;
    let git = RepositoriesConfig::in_directory(made(data, "git")?);
    let repositories = Repositories::new(ground.clone(), git);
    let builds = builds_room(&ground, (&repositories, &jobs), config, url)?;
    let bus = Bus::new(ground.clone()).remembering(config.recent_events);
    let connections = Connections::new(ground.clone(), calls(config));
    let executions = Executions::new(ground.clone(), logs.clone(), artifacts.clone());
    let executions = executions.taking(config.payload_limit);
    let queues = Queues::new(ground.clone());
    let schedules = Schedules::new(ground.clone(), identity.clone());
    let there = stacks::Neighbours {
        artifacts: artifacts.clone(),
        builds: builds.clone(),
        bus: bus.clone(),
        connections: connections.clone(),
        executions: executions.clone(),
        identity: identity.clone(),
        images: images.clone(),
        queues: queues.clone(),
        registry: registry.clone(),
        schedules: schedules.clone(),
    };
    let stacks = Stacks::new(ground.clone(), there);
    let services = Arc::new(Services {
        approvals: Approvals::new(ground.clone()),
        artifacts,
        builds,
        connections,
        endpoints,
        executions,
        hooks: Hooks::new(ground.clone(), bus.clone(), sources::all()),
        bus,
        identity,
        images,
        jobs,
        logs,
        queues,
        registry,
        repositories,
        schedules,
        stacks,
        ground,
    });
    acquaint(&services, url, config.strict_integrations);
    Ok(services)
}

/// The rooms that most others stand on, and where those find things.
#[derive(Clone)]
struct Floor {
    ground: Ground,
    identity: Identity,
    logs: Logs,
    artifacts: Artifacts,
    images: Images,
    data: PathBuf,
    url: String,
}

impl Floor {
    async fn open(
        ground: Ground,
        blobs: Arc<dyn Blobs>,
        config: &Config,
        url: &str,
    ) -> Result<Self, Failure> {
        let failed = |e: &dyn std::fmt::Display| Failure::failed(e.to_string());
        let data = config.data.clone();
        Ok(Self {
            identity: Identity::open(ground.clone()).await.map_err(|e| failed(&e))?,
            logs: Logs::open(ground.clone(), &data.join("logs")).map_err(|e| failed(&e))?,
            artifacts: Artifacts::new(ground.clone(), Arc::clone(&blobs)),
            images: Images::new(ground.clone(), blobs),
            ground,
            data,
            url: url.to_owned(),
        })
    }

    fn jobs(&self, driver: Arc<dyn JobDriver>) -> Result<Jobs, Failure> {
        let Self { ground, identity, logs, artifacts, images, data, url } = self.clone();
        let there = trainyard_services::jobs::Neighbours { driver, images, artifacts, logs, identity };
        let config = JobsConfig { directory: made(&data, "work")?, endpoint: url };
        Ok(Jobs::new(ground, there, config))
    }

    fn endpoints(&self, driver: Arc<dyn ServingDriver>, registry: Registry) -> Result<Endpoints, Failure> {
        let Self { ground, identity, logs, artifacts, images, data, url } = self.clone();
        let there = endpoints::Neighbours { driver, images, artifacts, registry, logs, identity };
        let config = EndpointsConfig { directory: made(&data, "models")?, endpoint: url };
        Ok(Endpoints::new(ground, there, config))
    }
}

/// Tells the rooms of those behind them: tasks, targets, and who listens.
fn acquaint(services: &Arc<Services>, url: &str, strict: bool) {
    services.executions.equip(integrations(services, url).strict(strict));
    services.schedules.meet(Arc::new(AwsSdk::new(Arc::downgrade(services), url)));
    services.bus.meet(
        vec![
            Arc::new(targets::ApiDestination::new(services.connections.clone())),
            Arc::new(targets::CodeBuildProject(services.builds.clone())),
            Arc::new(targets::EventBus(services.bus.clone())),
            Arc::new(targets::LogGroup(services.logs.clone())),
            Arc::new(targets::Queue(services.queues.clone())),
            Arc::new(targets::StateMachine(services.executions.clone())),
        ],
        vec![
            Arc::new(approvals::Ears(services.approvals.clone())),
            Arc::new(builds::Ends(services.builds.clone())),
            Arc::new(builds::Pushes(services.builds.clone())),
            Arc::new(executions::Ears(services.executions.clone())),
        ],
    );
}

/// All service integrations.
fn integrations(services: &Arc<Services>, url: &str) -> Tasks {
    let (jobs, endpoints) = (&services.jobs, &services.endpoints);
    let all: Vec<Arc<dyn Task>> = vec![
        Arc::new(AwsSdk::new(Arc::downgrade(services), url)),
        Arc::new(tasks::CodeBuildStartBuild(services.builds.clone())),
        Arc::new(EventsPutEvents(services.bus.clone())),
        Arc::new(tasks::HttpInvoke {
            ground: services.ground.clone(),
            connections: services.connections.clone(),
            payload_limit: services.executions.payload_limit(),
        }),
        Arc::new(tasks::SageMakerCreateEndpoint(endpoints.clone())),
        Arc::new(tasks::SageMakerCreateEndpointConfig(endpoints.clone())),
        Arc::new(tasks::SageMakerCreateModel(endpoints.clone())),
        Arc::new(tasks::SageMakerCreateProcessingJob(jobs.clone())),
        Arc::new(tasks::SageMakerCreateTrainingJob(jobs.clone())),
        Arc::new(tasks::SageMakerUpdateEndpoint(endpoints.clone())),
        Arc::new(tasks::SqsSendMessage(services.queues.clone())),
        Arc::new(tasks::StatesStartExecution { executions: services.executions.clone(), parsed: false }),
        Arc::new(tasks::StatesStartExecution { executions: services.executions.clone(), parsed: true }),
    ];
    Tasks::new(all)
}

/// Starts the rooms' loops; they end by `stop`.
pub(crate) fn loops(services: &Arc<Services>, stop: &CancellationToken) -> JoinSet<()> {
    let mut loops = JoinSet::new();
    let ground = || services.ground.clone();
    let (bus, executions) = (services.bus.clone(), services.executions.clone());
    let (of_bus, of_executions) = (stop.clone(), stop.clone());
    loops.spawn(async move { bus.watch(of_bus).await });
    loops.spawn(async move { executions.watch(of_executions).await });
    let (queues, of_queues) = (services.queues.clone(), stop.clone());
    loops.spawn(async move { queues.watch(of_queues).await });
    let authorisation = connections::Authorisation(services.connections.clone());
    loops.spawn(work::run(ground(), Arc::new(authorisation), stop.clone()));
    loops.spawn(work::run(
        ground(),
        Arc::new(tasks::HttpCallsMade(services.executions.clone())),
        stop.clone(),
    ));
    let (schedules, of_schedules) = (services.schedules.clone(), stop.clone());
    loops.spawn(async move { schedules.watch(of_schedules).await });
    loops.spawn(work::run(ground(), services.jobs.watch(), stop.clone()));
    loops.spawn(work::run(ground(), Arc::new(builds::Prepare(services.builds.clone())), stop.clone()));
    loops.spawn(work::run(ground(), Arc::new(stacks::Act(services.stacks.clone())), stop.clone()));
    loops.spawn(work::run(ground(), services.endpoints.watch(), stop.clone()));
    loops.spawn(work::run(ground(), Arc::new(services.images.clone()), stop.clone()));
    loops.spawn(work::run(ground(), Arc::new(Removal(services.artifacts.clone())), stop.clone()));
    let (services, stop) = (Arc::clone(services), stop.clone());
    loops.spawn(async move {
        let work = async {
            look_around(&services).await;
            keep_house(&services).await;
        };
        stop.run_until_cancelled(work).await.unwrap_or_default();
    });
    loops
}

/// What is done again and again so that the disk does not fill up.
async fn keep_house(services: &Services) {
    const DAY: Duration = Duration::from_secs(24 * 3600);
    /// Whoever reads a text when the last that names it goes has so long to end.
    const GRACE: Duration = Duration::from_secs(5 * 60);
    loop {
        if let Err(error) = services.repositories.tidy().await {
            tracing::warn!(%error, "the repositories cannot be packed");
        }
        if let Err(error) = audit::prune(&services.ground).await {
            tracing::warn!(%error, "old acts cannot be let go of");
        }
        if let Err(error) = services.hooks.prune().await {
            tracing::warn!(%error, "old deliveries of hooks cannot be let go of");
        }
        if let Err(error) = services.logs.prune().await {
            tracing::warn!(%error, "events that are older than their groups keep them cannot be let go of");
        }
        if let Err(error) = services.ground.store.sweep(GRACE).await {
            tracing::warn!(%error, "large texts that nothing names any more cannot be removed");
        }
        tokio::time::sleep(DAY).await;
    }
}

/// What is done once after a start: finding what a crash left behind. Nothing waits for it.
async fn look_around(services: &Services) {
    if let Err(error) = services.repositories.compare_all().await {
        tracing::warn!(%error, "the repositories cannot be compared with what was told of them");
    }
    if let Err(error) = services.artifacts.sweep().await {
        tracing::warn!(%error, "bytes that nobody needs cannot be removed");
    }
    if let Err(error) = services.jobs.sweep().await {
        tracing::warn!(%error, "directories of jobs that are over cannot be cleared");
    }
    if let Err(error) = services.endpoints.sweep().await {
        tracing::warn!(%error, "copies that no endpoint wants cannot be ended");
    }
}

/// Who calls other people's APIs.
fn calls(config: &Config) -> Arc<dyn Outside> {
    Arc::new(outside::Http::new(config.private_targets.clone()))
}

fn drivers(config: &Config, blobs: &Arc<dyn Blobs>) -> Result<(jobs::Process, serving::Process), Failure> {
    let runs = ["jobs", "variants"];
    let directories = runs.map(|name| config.data.join(name));
    if let Err(error) = process::tidy_images(&config.data.join("images"), &directories, SystemTime::now()) {
        tracing::warn!(%error, "unpacked images that nobody uses cannot be let go of");
    }
    let [of_jobs, of_variants] = runs.map(|name| driver_config(config, name, blobs));
    let job_driver = jobs::Process::new(of_jobs?).map_err(refused)?;
    Ok((job_driver, serving::Process::new(of_variants?).map_err(refused)?))
}

fn driver_config(
    config: &Config,
    runs: &str,
    blobs: &Arc<dyn Blobs>,
) -> Result<process::ProcessConfig, Failure> {
    Ok(process::ProcessConfig {
        directory: config.data.join(runs),
        images: config.data.join("images"),
        blobs: Arc::clone(blobs),
        supervisor: program()?,
        isolation: match config.isolation {
            Isolation::Auto => process::Isolation::Auto,
            Isolation::Off => process::Isolation::Off,
        },
        hide: vec![config.data.clone()],
        python: None,
        log_bytes: config.log_limit,
        memory_bytes: config.memory,
    })
}

fn builds_room(
    ground: &Ground,
    (repositories, jobs): (&Repositories, &Jobs),
    config: &Config,
    url: &str,
) -> Result<Builds, Failure> {
    // Variables that are no text mean nothing to a build.
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    let variables = std::env::vars_os().filter_map(text);
    let config = BuildsConfig {
        directory: config.data.join("builds"),
        images: config.data.join("local-images"),
        program: program()?,
        endpoint: url.to_owned(),
        inherited: builds::of_machine(variables, std::env::home_dir().as_deref()),
    };
    Builds::open(ground.clone(), repositories.clone(), jobs.clone(), config)
        .map_err(|e| Failure::failed(e.to_string()))
}

fn program() -> Result<std::path::PathBuf, Failure> {
    std::env::current_exe().map_err(|e| Failure::failed(format!("this program cannot find itself: {e}")))
}

fn made(data: &Path, name: &str) -> Result<std::path::PathBuf, Failure> {
    let directory = data.join(name);
    let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&directory);
    made.map_err(|e| Failure::usage(format!("{} cannot be made: {e}", directory.display())))?;
    Ok(directory)
}

fn refused(error: DriverError) -> Failure {
    Failure::failed(error.to_string())
}
