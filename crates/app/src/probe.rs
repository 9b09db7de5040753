//! Looks at the machine: what is there that the loop needs or can use.

use std::{
    path::{Path, PathBuf},
    process::Command,
    sync::Arc,
};

use trainyard_drivers::{
    blobs::Disk,
    jobs::Process,
    process::{Isolation, ProcessConfig, Separation},
};

use crate::{config::Config, image::python::Python};

/// How good it looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// As it should be.
    Good,
    /// The loop runs, with less.
    Reduced,
    /// The loop cannot run.
    Missing,
}

/// One thing that was looked at.
pub(crate) struct Finding {
    /// What.
    pub what: &'static str,
    /// How good.
    pub state: State,
    /// What was found.
    pub found: String,
    /// What follows, or what to do.
    pub follows: String,
}

/// The oldest Python that the images for the process driver are built for.
const OLDEST_PYTHON: (u32, u32) = (3, 9);
/// Below this much free space a first round with its requirements may not fit.
const LITTLE_SPACE: u64 = 2 << 30;

/// Looks at everything.
pub(crate) fn all(config: &Config) -> Vec<Finding> {
    vec![git(), python(), pip(), namespaces(), cgroups(), containers(), disk(config)]
}

/// What no round can do without; pip where it has not installed the requirements yet.
pub(crate) fn needed(pip_too: bool) -> Vec<Finding> {
    let mut findings = vec![git(), python()];
    if pip_too {
        findings.extend([pip()].map(|found| match found.state {
            State::Good => found,
            _ => Finding { state: State::Missing, ..found },
        }));
    }
    findings
}

fn finding(
    what: &'static str,
    state: State,
    found: impl Into<String>,
    follows: impl Into<String>,
) -> Finding {
    Finding { what, state, found: found.into(), follows: follows.into() }
}

/// What a command prints first, if it runs and succeeds.
fn output(program: &str, arguments: &[&str]) -> Option<String> {
    first_words(Command::new(program).args(arguments))
}

fn first_words(command: &mut Command) -> Option<String> {
    let done = command.output().ok()?;
    let text = String::from_utf8_lossy(&done.stdout).trim().to_owned();
    done.status.success().then_some(text)
}

fn git() -> Finding {
    let missing = |found: &str| {
        finding(
            "git",
            State::Missing,
            found,
            "install git (Debian: `apt install git`; macOS: `xcode-select --install`)",
        )
    };
    let Some(version) = output("git", &["--version"]) else { return missing("not found") };
    let backend = output("git", &["--exec-path"]).map(|dir| PathBuf::from(dir).join("git-http-backend"));
    match backend {
        Some(path) if path.exists() => finding("git", State::Good, version, ""),
        _ => missing("git without git-http-backend"),
    }
}

fn python() -> Finding {
    let install = "install Python 3.9 or newer (Debian: `apt install python3 python3-pip python3-venv`)";
    let code = "import sys; print('%d %d %s' % (sys.version_info[0], sys.version_info[1], sys.executable))";
    let Some(text) = output("python3", &["-c", code]) else {
        return finding("python3", State::Missing, "not found, or it does not run", install);
    };
    let mut words = text.splitn(3, ' ');
    let mut number = || words.next().and_then(|w| w.parse::<u32>().ok()).unwrap_or(0);
    let version = (number(), number());
    let found = format!("{}.{} at {}", version.0, version.1, words.next().unwrap_or("?"));
    let state = if version >= OLDEST_PYTHON { State::Good } else { State::Missing };
    finding("python3", state, found, if state == State::Good { "" } else { install })
}

fn pip() -> Finding {
    let version =
        Python::find().and_then(|python| python.pip()).map(|mut pip| first_words(pip.arg("--version")));
    match version {
        Ok(Some(text)) => finding("pip", State::Good, text.split(" from ").next().unwrap_or(&text), ""),
        Ok(None) => finding("pip", State::Reduced, "it does not run", NO_PIP),
        Err(missing) => {
            let follows = format!("`{}`: {NO_PIP}", missing.hints.join("`, `"));
            finding("pip", State::Reduced, "not found", follows)
        }
    }
}

const NO_PIP: &str = "without it no image with requirements can be built";

fn namespaces() -> Finding {
    match separation() {
        Ok(separation @ Separation::Private(_)) => {
            finding("namespaces", State::Good, separation.to_string(), "")
        }
        Ok(Separation::Bare(why)) => finding("namespaces", State::Reduced, why, NO_ISOLATION),
        Err(why) => finding("namespaces", State::Reduced, why, NO_ISOLATION),
    }
}

const NO_ISOLATION: &str = "no isolation: jobs see the host's files, and paths like /opt/ml are rewritten in arguments and environment";

/// What a server's driver would find, by the trial that it makes itself, in a directory that vanishes.
fn separation() -> Result<Separation, String> {
    let directory = std::env::temp_dir().join(format!("trainyard-doctor-{}", std::process::id()));
    // Made here and not before: what somebody else has put there is not looked at.
    std::fs::create_dir(&directory).map_err(|e| format!("{} cannot be made: {e}", directory.display()))?;
    let found = tried(&directory);
    let _ = std::fs::remove_dir_all(&directory);
    found
}

fn tried(directory: &Path) -> Result<Separation, String> {
    let blobs = Disk::open(&directory.join("blobs")).map_err(|e| e.to_string())?;
    let driver = Process::new(ProcessConfig {
        directory: directory.join("jobs"),
        images: directory.join("images"),
        blobs: Arc::new(blobs),
        supervisor: std::env::current_exe().map_err(|e| e.to_string())?,
        isolation: Isolation::Auto,
        hide: Vec::new(),
        python: None,
        log_bytes: 1 << 20,
        memory_bytes: None,
    });
    driver.map(|driver| driver.isolation().clone()).map_err(|e| e.to_string())
}

fn cgroups() -> Finding {
    let writable = |path: &str| nix::unistd::access(path, nix::unistd::AccessFlags::W_OK).is_ok();
    if writable("/sys/fs/cgroup/cgroup.controllers") || writable("/sys/fs/cgroup/cgroup.procs") {
        finding("cgroups", State::Good, "version 2, writable", "memory limits are enforced")
    } else if writable("/sys/fs/cgroup/memory/cgroup.procs") {
        finding("cgroups", State::Good, "version 1, writable", "memory limits are enforced")
    } else {
        let follows = "memory is reserved among jobs, but a job can take more than it asked for";
        finding("cgroups", State::Reduced, "not writable", follows)
    }
}

fn containers() -> Finding {
    let running = |program: &str| {
        output(program, &["version", "--format", "{{.Server.Version}}"]).filter(|v| !v.is_empty())
    };
    for program in ["docker", "podman"] {
        if let Some(version) = running(program) {
            let follows = "not needed: jobs run as processes; useful to push images of your own";
            return finding("containers", State::Good, format!("{program} {version}"), follows);
        }
    }
    let follows = "images that bring their own operating system cannot run here; `trainyard image build` needs no runtime";
    finding("containers", State::Reduced, "neither docker nor podman answers", follows)
}

fn disk(config: &Config) -> Finding {
    let there = config.data.ancestors().find(|dir| dir.exists()).unwrap_or(&config.data);
    let Ok(stat) = nix::sys::statvfs::statvfs(there) else {
        return finding("disk", State::Reduced, format!("cannot tell for {}", there.display()), "");
    };
    #[allow(clippy::useless_conversion, reason = "the width of these differs between systems")]
    let free = u64::from(stat.blocks_available()) * u64::from(stat.fragment_size());
    let found = format!("{:.1} GiB free for {}", free as f64 / (1u64 << 30) as f64, config.data.display());
    let little = free < LITTLE_SPACE;
    let follows = if little { "a first round with its requirements may not fit" } else { "" };
    finding("disk", if little { State::Reduced } else { State::Good }, found, follows)
}
