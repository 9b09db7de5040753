//! What the process drivers for jobs and for serving have in common: runs.
//!
//! A run is one process, with its children, that is run once by a supervisor of its own and described by a
//! directory. Here is the server's side of it; the supervisor's is [`crate::supervisor`].

mod arrange;
pub(crate) mod directory;
pub(crate) mod durable;
mod environment;
pub(crate) mod groups;
mod host;
pub(crate) mod identity;
mod images;
pub(crate) mod lock;
pub(crate) mod log;
mod machine;
pub(crate) mod order;
mod python;
mod rewrite;
mod trial;
pub(crate) mod view;

use std::{fmt, path::PathBuf, sync::Arc};

use trainyard_domain::ports::Blobs;

pub(crate) use host::{Host, Work};
pub use images::tidy as tidy_images;
pub use view::Power;

/// What a process driver has to know.
#[derive(Clone)]
pub struct ProcessConfig {
    /// Where the runs' directories are: `<data>/jobs` or `<data>/variants`, one for each driver.
    pub directory: PathBuf,
    /// Where unpacked images are kept: `<data>/images`; both drivers may share it.
    pub images: PathBuf,
    /// Where the images' layers are.
    pub blobs: Arc<dyn Blobs>,
    /// The program that, called as `<program> supervise <directory>`, calls [`crate::supervisor::main`] first
    /// thing: our own binary.
    pub supervisor: PathBuf,
    /// Whether runs get a file system of their own.
    pub isolation: Isolation,
    /// What no run may see, beyond the directories above: the server's data, people's secrets.
    pub hide: Vec<PathBuf>,
    /// The Python interpreter that images without an operating system of their own run on; the first `python3`
    /// on the PATH if not given.
    pub python: Option<PathBuf>,
    /// How many bytes the log of a run may hold, and as many again each day.
    pub log_bytes: u64,
    /// How much memory there is for jobs; the machine's if not given.
    pub memory_bytes: Option<u64>,
}

/// Whether runs get a file system of their own.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Isolation {
    /// Where the system lets us; found out by a trial.
    #[default]
    Auto,
    /// Never: runs see the host, and paths that they are told are rewritten to where things really are.
    Off,
}

/// How far runs are kept apart from the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Separation {
    /// Each has a file system and processes of its own.
    Private(Power),
    /// They see all that the server sees, and why.
    Bare(String),
}

impl fmt::Display for Separation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Private(Power { borrowed: true, .. }) => {
                f.write_str("jobs have a file system and processes of their own (user namespace)")
            }
            Self::Private(Power { confine: true, .. }) => {
                f.write_str("jobs have a file system and processes of their own")
            }
            Self::Private(_) => f.write_str(
                "jobs have a file system and processes of their own, and run as root without its powers, since \
                 there are no user namespaces",
            ),
            Self::Bare(why) => write!(f, "jobs are not isolated from this machine: {why}"),
        }
    }
}
