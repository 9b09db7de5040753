//! A job: something that runs to its end, once.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use serde::{Deserialize, Serialize};

use crate::{Timestamp, image::Image};

/// The id of a job, unique in the server and safe as a file name, a process label or a pod name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JobId(String);

/// The text cannot be an id.
#[derive(Clone, Debug, thiserror::Error)]
#[error("`{0}` cannot be an id: 1 to 63 lowercase letters, digits and `-`")]
pub struct NotAnId(pub String);

pub(crate) fn is_label(text: &str) -> bool {
    let legal = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    (1..=63).contains(&text.len())
        && text.bytes().all(legal)
        && !text.starts_with('-')
        && !text.ends_with('-')
}

/// All that a driver needs to run a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobSpec {
    /// The job.
    pub id: JobId,
    /// What its files are.
    pub root: Root,
    /// Program and arguments.
    pub command: Vec<String>,
    /// The whole environment; nothing is inherited but what the driver must set to run a process at all.
    pub env: BTreeMap<String, String>,
    /// Where it starts, as the job sees it.
    pub working_dir: PathBuf,
    /// Directories that it sees.
    pub mounts: Vec<Mount>,
    /// What it may use.
    pub resources: Resources,
}

/// What a job finds under `/`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Root {
    /// The image's files over the host's system directories (read-only).
    Image(Box<Image>),
    /// The host as it is, without the server's data and people's secrets: for builds.
    Host,
}

/// A directory that a job sees at another place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mount {
    /// Where it is.
    pub source: PathBuf,
    /// Where the job sees it, such as `/opt/ml`.
    pub target: PathBuf,
    /// Whether the job may not write.
    pub read_only: bool,
}

/// What a job may use. Memory is reserved, processors are a weight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resources {
    /// Thousandths of a processor.
    pub cpu_millis: u32,
    /// Bytes of memory.
    pub memory_bytes: u64,
    /// Graphics processors.
    pub gpus: u32,
}

/// What a driver sees of a job now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum JobStatus {
    /// The driver has never heard of it, or has forgotten it.
    Absent,
    /// It is known and does not run yet: no room now.
    Waiting {
        /// What it waits for.
        reason: String,
    },
    /// It runs.
    Running {
        /// Since when.
        since: Timestamp,
    },
    /// It has ended by itself or by a signal.
    Ended(Exit),
    /// It vanished without leaving an exit status: a reboot, the OOM killer.
    Lost {
        /// What is known of why.
        reason: String,
    },
    /// It can never run here.
    Refused {
        /// Why: `CapacityError: …`, an image that needs a container runtime.
        reason: String,
    },
}

/// How a job ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exit {
    /// The exit status; 128 + the signal's number where a signal ended it.
    pub code: i32,
    /// Whether the memory limit did it.
    pub out_of_memory: bool,
    /// When its first process started.
    pub started: Timestamp,
    /// When it ended.
    pub ended: Timestamp,
}

/// One line that a job printed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LogLine {
    /// When.
    pub time: Timestamp,
    /// Without its line end; bytes that are not UTF-8 are replaced.
    pub text: String,
}

/// Some lines, and where to go on reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogPage {
    /// In the order printed.
    pub lines: Vec<LogLine>,
    /// Give this as `from` next time.
    pub next: u64,
}

impl JobId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for JobId {
    type Error = NotAnId;
    fn try_from(text: String) -> Result<Self, NotAnId> {
        if is_label(&text) { Ok(Self(text)) } else { Err(NotAnId(text)) }
    }
}

impl From<JobId> for String {
    fn from(id: JobId) -> Self {
        id.0
    }
}

impl fmt::Display for JobId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
