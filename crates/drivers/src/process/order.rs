//! What a supervisor is told to run: everything is decided already, paths are as the process will see them.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};
use trainyard_domain::job::Resources;

use super::view::View;

/// One process to run, once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Order {
    /// Program and arguments.
    pub command: Vec<String>,
    /// The whole environment.
    pub env: BTreeMap<String, String>,
    /// Where it starts.
    pub working_dir: PathBuf,
    /// How many bytes its log may hold, and as many again each day.
    pub log_bytes: u64,
    /// What it may use.
    pub resources: Resources,
    /// The file system of its own that it sees; `None` for the host's.
    pub view: Option<View>,
}
