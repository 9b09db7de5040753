//! The data directory as other processes than the server see it: the first key, and whether a server runs on it.

use std::{
    io::Write,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};

use crate::failure::{Exit, Failure};

/// A data directory.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    directory: PathBuf,
}

/// The key that is made at the first start.
pub(crate) struct Key {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
}

/// A server that runs on the directory.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Running {
    /// Its process.
    pub pid: u32,
    /// Where it answers.
    pub url: String,
    /// Its version.
    pub version: String,
}

impl Place {
    /// The directory.
    pub(crate) fn of(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// The directory.
    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Makes the directory, for its owner only, whatever the umask.
    pub(crate) fn make(&self) -> Result<(), Failure> {
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.directory);
        made.map_err(|e| self.trouble("cannot be made", &e))?;
        // That it is there survives power loss. Who may not read the directory above cannot ask for more.
        let above = self.directory.parent().and_then(|above| std::fs::File::open(above).ok());
        above.map_or(Ok(()), |above| above.sync_all()).map_err(|e| self.trouble("cannot be made", &e))?;
        let probe = self.directory.join(".writable");
        self.write(&probe, b"")
            .and_then(|()| std::fs::remove_file(&probe))
            .map_err(|e| self.trouble("cannot be written", &e))
    }

    /// The key of the first start.
    pub(crate) fn key(&self) -> Result<Key, Failure> {
        let path = self.directory.join("credentials");
        let text = std::fs::read_to_string(&path).map_err(|e| {
            Failure::new(Exit::Unreachable, format!("{}: {e}", path.display())).hint(format!(
                "trainyard serve --data {}    # makes it at its first start",
                self.directory.display()
            ))
        })?;
        let value = |name: &str| {
            let line = text.lines().find_map(|line| line.split_once('=').filter(|(k, _)| k.trim() == name));
            line.map(|(_, value)| value.trim().to_owned())
        };
        match (value("aws_access_key_id"), value("aws_secret_access_key")) {
            (Some(id), Some(secret)) => Ok(Key { id, secret }),
            _ => Err(Failure::new(Exit::Usage, format!("{} holds no key", path.display()))),
        }
    }

    /// Writes the key, in the form of `~/.aws/credentials`, for its owner only.
    pub(crate) fn write_key(&self, key: &Key) -> Result<(), Failure> {
        let path = self.directory.join("credentials");
        let text =
            format!("[default]\naws_access_key_id = {}\naws_secret_access_key = {}\n", key.id, key.secret);
        self.write(&path, text.as_bytes()).map_err(|e| self.trouble("cannot be written", &e))
    }

    /// The server that runs on the directory, if its process is there.
    pub(crate) fn running(&self) -> Option<Running> {
        let text = std::fs::read_to_string(self.directory.join("server.json")).ok()?;
        let running: Running = serde_json::from_str(&text).ok()?;
        let pid = nix::unistd::Pid::from_raw(i32::try_from(running.pid).ok()?);
        nix::sys::signal::kill(pid, None).is_ok().then_some(running)
    }

    /// Leaves word of the server that now runs here.
    pub(crate) fn announce(&self, running: &Running) -> Result<(), Failure> {
        let text = serde_json::to_vec_pretty(running).map_err(|e| Failure::failed(e.to_string()))?;
        self.write(&self.directory.join("server.json"), &text)
            .map_err(|e| self.trouble("cannot be written", &e))
    }

    /// Takes the word back.
    pub(crate) fn retract(&self) {
        let _ = std::fs::remove_file(self.directory.join("server.json"));
    }

    fn write(&self, path: &Path, bytes: &[u8]) -> std::io::Result<()> {
        let fresh = path.with_extension("new");
        let mut file =
            std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        std::fs::rename(&fresh, path)
    }

    fn trouble(&self, what: &str, error: &std::io::Error) -> Failure {
        Failure::usage(format!("the data directory {} {what}: {error}", self.directory.display()))
            .hint("say where the data goes with `--data DIR`")
    }
}
