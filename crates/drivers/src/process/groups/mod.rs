//! Control groups, where there are any that we may write: memory and processes are limits, processors are a weight.
//!
//! Version 1 and version 2 are both still met. Nothing here fails a run: where a group cannot be made, the run
//! has no limit by it.
//! <https://docs.kernel.org/admin-guide/cgroup-v2.html>

#[cfg(target_os = "linux")]
mod hierarchy;

use std::{
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use trainyard_domain::job::Resources;

/// How many processes and threads a run may have at a time. A loop that only ever starts more of them ends there, and
/// the machine does not.
pub(crate) const PROCESSES: u64 = 4096;

/// The groups of one run; none where there are none to be had.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    /// The groups' directories.
    pub directories: Vec<PathBuf>,
    /// The file that counts the processes which the memory limit ended; there is a limit if there is a file.
    kills: Option<PathBuf>,
    /// Whether the number of processes is limited.
    counted: bool,
}

impl Groups {
    /// Makes the groups for a run of this name.
    #[cfg(target_os = "linux")]
    pub(crate) fn make(name: &str, resources: &Resources) -> Self {
        hierarchy::make(name, resources)
    }

    /// There are none here.
    #[cfg(not(target_os = "linux"))]
    pub(crate) fn make(_: &str, _: &Resources) -> Self {
        Self::default()
    }

    /// Puts a process into them; its children will be there too.
    pub(crate) fn add(&self, pid: u32) {
        for directory in &self.directories {
            let _ = fs::write(directory.join("cgroup.procs"), pid.to_string());
        }
    }

    /// Whether memory is limited.
    pub(crate) fn limit_memory(&self) -> bool {
        self.kills.is_some()
    }

    /// Whether the number of processes is limited to [`PROCESSES`].
    pub(crate) fn limit_processes(&self) -> bool {
        self.counted
    }

    /// Whether the memory limit has ended a process.
    pub(crate) fn out_of_memory(&self) -> bool {
        let text = self.kills.as_ref().and_then(|path| fs::read_to_string(path).ok()).unwrap_or_default();
        let count = text.lines().find_map(|line| line.strip_prefix("oom_kill "));
        count.is_some_and(|count| count.trim() != "0")
    }
}

/// Ends by force all that is in these groups, and removes them.
pub(crate) fn clear(directories: &[PathBuf]) {
    for directory in directories {
        for _ in 0..20 {
            for pid in members(directory) {
                let _ = kill(pid, Signal::SIGKILL);
            }
            match fs::remove_dir(directory) {
                Err(_) if directory.exists() => std::thread::sleep(Duration::from_millis(5)),
                _ => break,
            }
        }
    }
}

fn members(directory: &Path) -> Vec<Pid> {
    let text = fs::read_to_string(directory.join("cgroup.procs")).unwrap_or_default();
    text.lines().filter_map(|line| line.parse().ok()).filter(|pid| *pid > 1).map(Pid::from_raw).collect()
}
