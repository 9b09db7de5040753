//! The directory of one run: all that is known of it, as files.
//!
//! | file | written by | means |
//! |---|---|---|
//! | `spec.json` | driver | it is to run; there from the start |
//! | `order.json` | driver | how, exactly; written anew before a supervisor is started |
//! | `lock` | supervisor | held while it lives |
//! | `started.json` | supervisor | it may have run from here on, and is never started again |
//! | `stop.json` | driver | it is to end |
//! | `log` | supervisor | what it printed |
//! | `exit.json` | supervisor | how it ended (or the driver, if it was stopped before it started) |
//! | `refused.json` | both | it can never run here |
//! | `lost.json` | driver | its supervisor vanished |
//! | `scratch/` | both | room that goes when the run has ended |

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use nix::unistd::Pid;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use trainyard_domain::{Timestamp, job::Exit};

use super::{durable, identity, identity::Identity, lock::Lock, order::Order};

/// The directory of one run.
#[derive(Clone, Debug)]
pub(crate) struct Directory(PathBuf);

/// That a run may have begun.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Started {
    /// When.
    pub time: Timestamp,
    /// Its first process.
    pub process: Identity,
    /// Control groups made for it.
    pub groups: Vec<PathBuf>,
}

/// That a run is to end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stop {
    /// How long it may take its time, in milliseconds.
    pub grace_ms: u64,
}

#[derive(Serialize, Deserialize)]
struct Reason {
    reason: String,
}

/// What the files say.
#[derive(Debug)]
pub(crate) enum Seen {
    /// There is no such run.
    Absent,
    /// It can never run here.
    Refused(String),
    /// It vanished, and that is known already.
    Lost(String),
    /// It has ended.
    Ended(Exit),
    /// Nobody watches over it, and it has not started.
    Waiting,
    /// A supervisor is about to start it.
    Starting(Pid),
    /// It runs.
    Running(Pid, Started),
    /// It may have started, has left no exit status, and nobody watches over it.
    Vanished(Started),
}

impl Directory {
    /// The run in this directory.
    pub(crate) fn new(path: impl Into<PathBuf>) -> Self {
        Self(path.into())
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    /// Makes the directory with this spec, whole or not at all, and durable; `false` if it was there already.
    pub(crate) fn create<S: Serialize>(&self, spec: &S, refused: Option<&str>) -> io::Result<bool> {
        let parent = self.0.parent().unwrap_or(Path::new("/"));
        let name = self.0.file_name().unwrap_or_default().to_string_lossy();
        let coming = parent.join(format!(".coming-{name}-{}", durable::nonce()?));
        if self.0.exists() {
            return Ok(false);
        }
        durable::private_directory(&coming)?;
        if let Some(reason) = refused {
            durable::write(&coming, "refused.json", &Reason { reason: reason.to_owned() })?;
        }
        durable::write(&coming, "spec.json", spec)?;
        match fs::rename(&coming, &self.0) {
            Ok(()) => durable::sync_directory(parent).map(|()| true),
            // Somebody was faster: a directory that holds something is not replaced.
            Err(_) if self.0.exists() => fs::remove_dir_all(&coming).map(|()| false),
            Err(error) => Err(error),
        }
    }

    /// Looks at the files and the lock.
    pub(crate) fn look(&self) -> io::Result<Seen> {
        if !self.0.join("spec.json").exists() {
            return Ok(Seen::Absent);
        }
        if let Some(end) = self.end()? {
            return Ok(end);
        }
        if let Some(pid) = Lock::holder(&self.0)? {
            return Ok(match self.started()? {
                Some(started) => Seen::Running(pid, started),
                None => Seen::Starting(pid),
            });
        }
        // A supervisor writes the end before it lets go of the lock, so it is there now if there ever will be one.
        if let Some(end) = self.end()? {
            return Ok(end);
        }
        Ok(self.started()?.map_or(Seen::Waiting, Seen::Vanished))
    }

    fn end(&self) -> io::Result<Option<Seen>> {
        if let Some(exit) = self.read("exit.json")? {
            return Ok(Some(Seen::Ended(exit)));
        }
        if let Some(Reason { reason }) = self.read("refused.json")? {
            return Ok(Some(Seen::Refused(reason)));
        }
        Ok(self.read("lost.json")?.map(|Reason { reason }| Seen::Lost(reason)))
    }

    /// Whether it has come to any end.
    pub(crate) fn has_ended(&self) -> io::Result<bool> {
        Ok(self.end()?.is_some())
    }

    /// The spec.
    pub(crate) fn spec<S: DeserializeOwned>(&self) -> io::Result<Option<S>> {
        self.read("spec.json")
    }

    /// That it may have begun. The file's being there counts, whatever is in it.
    pub(crate) fn started(&self) -> io::Result<Option<Started>> {
        match self.read("started.json") {
            Err(error) if error.kind() == io::ErrorKind::InvalidData => Ok(Some(Started {
                time: identity::now(),
                process: Identity { pid: 0, start: String::new(), boot: String::new() },
                groups: Vec::new(),
            })),
            started => started,
        }
    }

    /// Marks it as begun, durably.
    pub(crate) fn start(&self, started: &Started) -> io::Result<()> {
        durable::write(&self.0, "started.json", started)
    }

    /// Tells how to run it.
    pub(crate) fn give_order(&self, order: &Order) -> io::Result<()> {
        durable::replace(&self.0, "order.json", order)
    }

    /// How to run it.
    pub(crate) fn order(&self) -> io::Result<Order> {
        self.read("order.json")?
            .ok_or_else(|| io::Error::new(io::ErrorKind::NotFound, "there is no order.json"))
    }

    /// Asks for its end, durably.
    pub(crate) fn ask_to_stop(&self, grace: Duration) -> io::Result<()> {
        let grace_ms = u64::try_from(grace.as_millis()).unwrap_or(u64::MAX);
        durable::write(&self.0, "stop.json", &Stop { grace_ms })
    }

    /// Whether its end is asked for.
    pub(crate) fn stop_asked(&self) -> io::Result<Option<Stop>> {
        self.read("stop.json")
    }

    /// Tells how it ended, durably.
    pub(crate) fn finish(&self, exit: &Exit) -> io::Result<()> {
        durable::write(&self.0, "exit.json", exit)
    }

    /// It was stopped before it ever started.
    pub(crate) fn finish_unstarted(&self) -> io::Result<()> {
        let now = identity::now();
        self.finish(&Exit { code: 128 + 15, out_of_memory: false, started: now, ended: now })
    }

    /// Tells that it can never run here, durably.
    pub(crate) fn refuse(&self, reason: &str) -> io::Result<()> {
        durable::write(&self.0, "refused.json", &Reason { reason: reason.to_owned() })
    }

    /// Tells that it vanished, durably.
    pub(crate) fn lose(&self, reason: &str) -> io::Result<()> {
        durable::write(&self.0, "lost.json", &Reason { reason: reason.to_owned() })
    }

    /// Room that goes when the run has ended.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.0.join("scratch")
    }

    /// What it prints.
    pub(crate) fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    /// Takes the directory away, at once for those who look; nothing happens if there is none.
    pub(crate) fn remove(&self) -> io::Result<()> {
        let parent = self.0.parent().unwrap_or(Path::new("/"));
        let name = self.0.file_name().unwrap_or_default().to_string_lossy();
        let going = parent.join(format!(".going-{name}-{}", durable::nonce()?));
        match fs::rename(&self.0, &going) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            renamed => renamed?,
        }
        durable::sync_directory(parent)?;
        fs::remove_dir_all(&going)
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> io::Result<Option<T>> {
        durable::read(&self.0, name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_made_once_and_removed() {
        let parent = tempfile::tempdir().unwrap();
        let run = Directory::new(parent.path().join("a"));
        assert!(matches!(run.look().unwrap(), Seen::Absent));
        assert!(run.create(&"spec", None).unwrap());
        assert!(!run.create(&"other", Some("no")).unwrap());
        assert_eq!(run.spec::<String>().unwrap().unwrap(), "spec");
        assert!(matches!(run.look().unwrap(), Seen::Waiting));
        fs::write(run.path().join("started.json"), "").unwrap();
        assert!(matches!(run.look().unwrap(), Seen::Vanished(_)), "an empty mark is a mark");
        run.lose("power").unwrap();
        assert!(matches!(run.look().unwrap(), Seen::Lost(reason) if reason == "power"));
        run.remove().unwrap();
        run.remove().unwrap();
        assert_eq!(fs::read_dir(parent.path()).unwrap().count(), 0);
    }
}
