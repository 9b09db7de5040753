//! Runs on this machine: what has to be decided and made before one is started, and what is found of it later.

use std::{
    collections::BTreeMap,
    fs::{self, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    process::Stdio,
    sync::{Arc, OnceLock},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill, killpg},
    unistd::Pid,
};
use tokio::process::{Child, Command};
use trainyard_domain::{
    image::HOST_BASED_LABEL,
    job::{JobSpec, Mount, Resources, Root},
    ports::DriverError,
    serving::VariantSpec,
};

use super::{
    Isolation, ProcessConfig, Separation,
    directory::{Directory, Seen, Started},
    groups, identity,
    images::Images,
    machine,
    python::{self, Python},
    trial,
};
use crate::trouble;

/// What the supervisor complains of.
const COMPLAINTS: &str = "supervisor.err";

/// What is to be run, whoever asks.
#[derive(Clone, Debug)]
pub(crate) struct Work {
    /// What its files are.
    pub root: Root,
    /// Program and arguments.
    pub command: Vec<String>,
    /// Its environment.
    pub env: BTreeMap<String, String>,
    /// Where it starts.
    pub working_dir: PathBuf,
    /// What it sees besides.
    pub mounts: Vec<Mount>,
    /// What it may use.
    pub resources: Resources,
}

impl From<JobSpec> for Work {
    fn from(spec: JobSpec) -> Self {
        let JobSpec { id: _, root, command, env, working_dir, mounts, resources } = spec;
        Self { root, command, env, working_dir, mounts, resources }
    }
}

impl From<VariantSpec> for Work {
    fn from(spec: VariantSpec) -> Self {
        let VariantSpec { id: _, image, command, env, working_dir, mounts, resources } = spec;
        Self { root: Root::Image(Box::new(image)), command, env, working_dir, mounts, resources }
    }
}

/// This machine, as one driver uses it.
pub(crate) struct Host {
    pub(super) config: ProcessConfig,
    images: Images,
    memory_bytes: u64,
    python: OnceLock<Option<Python>>,
    abi: OnceLock<Option<String>>,
    found: OnceLock<Separation>,
}

impl Host {
    /// Makes the driver's directories where they are missing.
    pub(crate) fn new(config: ProcessConfig) -> Result<Self, DriverError> {
        for path in [&config.directory, &config.images] {
            super::durable::private_directory(path).map_err(|error| trouble::at("make", path, &error))?;
        }
        sweep(&config.directory).map_err(|error| trouble::at("sweep", &config.directory, &error))?;
        let images = Images::new(config.images.clone(), Arc::clone(&config.blobs));
        let memory_bytes = config.memory_bytes.unwrap_or_else(machine::memory_bytes);
        Ok(Self {
            config,
            images,
            memory_bytes,
            python: OnceLock::new(),
            abi: OnceLock::new(),
            found: OnceLock::new(),
        })
    }

    /// How much memory runs may reserve.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }

    /// Where the runs are.
    pub(crate) fn directory(&self) -> &Path {
        &self.config.directory
    }

    /// Why this can never run here, whatever comes. The first call asks Python, and blocks.
    pub(crate) fn refusal(&self, work: &Work) -> Option<String> {
        if work.command.is_empty() {
            return Some("there is no command to run".into());
        }
        let asked = work.resources.memory_bytes;
        if asked > self.memory_bytes {
            let (asked, there) = (asked >> 20, self.memory_bytes >> 20);
            return Some(format!(
                "CapacityError: it asks for {asked} MiB of memory, and this machine has {there} MiB"
            ));
        }
        if work.resources.gpus > 0 {
            let gpus = work.resources.gpus;
            return Some(format!(
                "CapacityError: it asks for {gpus} GPUs, and the process driver has none to give"
            ));
        }
        match &work.root {
            Root::Image(image) if !image.config.labels.contains_key(HOST_BASED_LABEL) => Some(format!(
                "image {} brings an operating system of its own and needs a container runtime; the process driver \
                 runs only images made by `trainyard image build`",
                image.reference
            )),
            Root::Image(image) => {
                let label = image.config.labels.get(HOST_BASED_LABEL)?;
                let abi = self.abi.get_or_init(|| self.python().and_then(Python::abi)).as_deref()?;
                python::misfit(label, abi)
                    .map(|why| format!("image {} cannot run here: {why}", image.reference))
            }
            Root::Host => None,
        }
    }

    /// Unpacks the image's files, if it has an image and they are not there yet. `Invalid` where that can never
    /// succeed.
    pub(crate) async fn unpack(&self, work: &Work) -> Result<Option<PathBuf>, DriverError> {
        match &work.root {
            Root::Host => Ok(None),
            Root::Image(image) => match self.images.unpacked(image) {
                Some(tree) => Ok(Some(tree)),
                None => self.images.unpack(image).await.map(Some),
            },
        }
    }

    /// Does all that can be done before the run starts: unpacks its image and writes its order. `Invalid` where
    /// that can never succeed.
    pub(crate) async fn prepare(self: &Arc<Self>, run: &Directory, work: Work) -> Result<(), DriverError> {
        let tree = self.unpack(&work).await?;
        let (host, run) = (Arc::clone(self), run.clone());
        let ordered = tokio::task::spawn_blocking(move || {
            let at = |error: io::Error| trouble::at("prepare", run.path(), &error);
            super::durable::private_directory(&run.scratch()).map_err(at)?;
            let order = host.order(&run, work, tree.as_deref()).map_err(at)?;
            run.give_order(&order).map_err(at)
        });
        ordered.await.map_err(|error| trouble::cut_short(&error))?
    }

    /// How far runs are kept apart from the host. The first call tries it out, which takes some milliseconds.
    pub(crate) fn isolation(&self) -> &Separation {
        self.found.get_or_init(|| match self.config.isolation {
            Isolation::Off => Separation::Bare("it is switched off".into()),
            Isolation::Auto => trial::find(&self.config),
        })
    }

    /// The Python that images run on; looked for once.
    pub(super) fn python(&self) -> Option<&Python> {
        self.python.get_or_init(|| Python::find(self.config.python.as_deref())).as_ref()
    }

    /// Starts a supervisor for the run. Harmless where there is one already.
    pub(crate) fn supervise(&self, run: &Directory) -> io::Result<Child> {
        Command::from(supervisor(&self.config, run)?).spawn()
    }

    /// Looks at the run; one that vanished is lost from then on, and what is left of it is ended.
    pub(crate) fn look(&self, run: &Directory) -> io::Result<Seen> {
        let seen = run.look()?;
        let Seen::Vanished(started) = seen else { return Ok(seen) };
        end_leftovers(&started);
        let reason = if started.process.boot == identity::boot() {
            let complaint = fs::read_to_string(run.path().join(COMPLAINTS)).unwrap_or_default();
            let complaint = complaint.lines().last().map(|line| format!(" ({line})")).unwrap_or_default();
            format!("its supervisor vanished while it ran, killed by hand or for want of memory{complaint}")
        } else {
            "the machine was restarted while it ran".to_owned()
        };
        run.lose(&reason)?;
        let _ = fs::remove_dir_all(run.scratch());
        Ok(Seen::Lost(reason))
    }

    /// Asks the run to end. It is over when this returns if it had not started yet.
    pub(crate) fn stop(&self, run: &Directory, grace: Duration) -> io::Result<()> {
        if !matches!(run.look()?, Seen::Waiting | Seen::Starting(_) | Seen::Running(..)) {
            return Ok(());
        }
        run.ask_to_stop(grace)?;
        // Whoever takes the lock from here on sees the wish.
        match run.look()? {
            Seen::Starting(pid) | Seen::Running(pid, _) => {
                let _ = kill(pid, Signal::SIGTERM);
                Ok(())
            }
            Seen::Waiting => run.finish_unstarted(),
            _ => Ok(()),
        }
    }
}

/// Takes away what was being made or removed when a server ended.
fn sweep(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with('.') {
            let _ = fs::remove_dir_all(entry.path());
        }
    }
    Ok(())
}

/// Ends by force what outlived its supervisor.
fn end_leftovers(started: &Started) {
    if started.process.boot == identity::boot() {
        groups::clear(&started.groups);
        if started.process.pid > 1 && started.process.is_there() {
            let pid = Pid::from_raw(started.process.pid);
            let _ = killpg(pid, Signal::SIGKILL);
            let _ = kill(pid, Signal::SIGKILL);
        }
    }
}

/// The command that supervises the run.
pub(super) fn supervisor(config: &ProcessConfig, run: &Directory) -> io::Result<std::process::Command> {
    let complaints = run.path().join(COMPLAINTS);
    let complaints = OpenOptions::new().append(true).create(true).mode(0o600).open(complaints)?;
    let mut command = std::process::Command::new(&config.supervisor);
    command.arg("supervise").arg(run.path()).env_clear().current_dir("/");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(complaints);
    Ok(command)
}
