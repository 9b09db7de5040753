//! The file system that a run sees, as steps to lay it out.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A file system of a run's own. Paths `at` are as the run sees them; all others are the host's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct View {
    /// An empty directory of the host's to lay it out on. Nothing of it is seen on the host.
    pub base: PathBuf,
    /// In this order.
    pub steps: Vec<Step>,
    /// Whether to take away what power the run would have over it, by a user namespace inside.
    pub confine: bool,
}

/// One step. What a step is laid on is there before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Step {
    /// An empty directory, if there is none.
    Folder {
        /// Its path.
        at: PathBuf,
    },
    /// A file or directory of the host's, with all that is mounted below.
    Bind {
        /// The host's.
        from: PathBuf,
        /// Where it is seen.
        at: PathBuf,
        /// Whether it cannot be changed.
        read_only: bool,
    },
    /// A symbolic link.
    Link {
        /// Its path.
        at: PathBuf,
        /// What it says.
        target: PathBuf,
    },
    /// An empty file system in memory.
    Memory {
        /// Where.
        at: PathBuf,
        /// Whether it stays empty.
        read_only: bool,
    },
    /// The run's own processes.
    Processes {
        /// Where: `/proc`.
        at: PathBuf,
    },
    /// Terminals of its own, where the system allows them.
    Terminals {
        /// Where: `/dev/pts`.
        at: PathBuf,
    },
}
