//! The file system that a run sees, as steps to lay it out.

mod host;
#[cfg_attr(not(target_os = "linux"), allow(dead_code, reason = "there are no views elsewhere"))]
pub(crate) mod mounts;
mod pieces;
mod plan;

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

pub(crate) use host::{of_host, secrets};
pub(crate) use pieces::{Sight, of_image};

/// A file system of a run's own. Paths `at` are as the run sees them; all others are the host's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct View {
    /// An empty directory of the host's to lay it out on. Nothing of it is seen on the host.
    pub base: PathBuf,
    /// In this order.
    pub steps: Vec<Step>,
    /// With whose power.
    pub power: Power,
}

/// Whose power lays a view out, and what the run has of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Power {
    /// A user namespace is needed to lay it out: we are not root, or root of a container without power.
    pub borrowed: bool,
    /// The run is in a user namespace of its own inside, in which there is nobody but itself. Where it is not, root
    /// gives up all power but over files. Either way it has none over what was laid out: it cannot take away what
    /// hides something, nor write to what is read-only.
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
    /// A directory of the host's, and whatever the run changes in it kept elsewhere. Read-only where the system
    /// has no such file system.
    Overlay {
        /// The host's.
        from: PathBuf,
        /// An existing directory for what is changed.
        changes: PathBuf,
        /// Where it is seen.
        at: PathBuf,
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
        /// Whether everybody may write to it.
        open: bool,
    },
    /// The run's own processes.
    Processes {
        /// Where: `/proc`. What is the machine's there is read-only.
        at: PathBuf,
    },
    /// Terminals of its own, where the system allows them.
    Terminals {
        /// Where: `/dev/pts`.
        at: PathBuf,
    },
}
