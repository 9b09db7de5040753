//! The supervisor: a small process of our own that starts one run, watches over it to its end and writes down
//! what it printed and how it ended.
//!
//! It has its own session, so that it outlives the server, and one thread. It says nothing to the server: all it
//! knows is files in the run's directory (`process::directory`), all it is told are files there and a signal to
//! look at them. It ends when the directory goes. A run that may have begun is never begun again: the mark that
//! says so is on the disk before the run's program is.
//!
//! A run's first process is this program too ([`first`]): it lays out the file system of the run's own, if it is
//! to have one, and becomes the run's program or stays as its `init`.

mod capture;
mod control;
mod first;
#[cfg(target_os = "linux")]
mod lay;
#[cfg(target_os = "linux")]
mod namespaces;
mod outside;
#[cfg(target_os = "linux")]
mod power;
mod wake;

use std::{
    io::{self, Write},
    path::Path,
    process::ExitCode,
};

/// Set for a run's first process only.
const STAGE: &str = "TRAINYARD_FIRST_PROCESS";

/// Supervises the run in this directory to its end: what `trainyard supervise <directory>` does. To be called
/// first thing in the process, before there is a second thread. A second supervisor for a run ends at once.
pub fn main(directory: &Path) -> ExitCode {
    let done = match std::env::var_os(STAGE) {
        None => outside::supervise(directory).map(|()| ExitCode::SUCCESS),
        Some(_) => first::begin(directory),
    };
    done.unwrap_or_else(|error| {
        complain(&format!("cannot run {}: {error}", directory.display()));
        ExitCode::FAILURE
    })
}

/// For the run's log, or for the supervisor's own file of errors.
fn complain(text: &str) {
    let _ = writeln!(io::stderr(), "trainyard: {text}");
}
