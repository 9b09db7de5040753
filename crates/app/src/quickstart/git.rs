//! git in the project's directory: nothing of the user's configuration decides about the template's commits.

use std::{ffi::OsStr, path::Path, process::Stdio};

use tokio::process::Command;

use crate::{
    commands::{environment, no_proxy},
    failure::Failure,
    place::Place,
};

/// git in one directory.
#[derive(Clone, Debug)]
pub(super) struct Git {
    directory: std::path::PathBuf,
}

/// What no commit of the template's depends on: signing keys, hooks, and files that the user ignores everywhere.
const OURS: [&str; 6] =
    ["-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null", "-c", "core.excludesFile=/dev/null"];

/// Variables by which a git that started us would lead ours astray.
const FOREIGN: [&str; 6] =
    ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE"];

impl Git {
    /// In that directory.
    pub(super) fn at(directory: &Path) -> Self {
        Self { directory: directory.to_owned() }
    }

    /// Runs a command; what it prints, trimmed.
    pub(super) async fn run<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Result<String, Failure> {
        finish(self.command(arguments)).await
    }

    /// Runs a command that answers with its exit code alone, or prints one line; none if it fails.
    pub(super) async fn asked<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Option<String> {
        self.run(arguments).await.ok()
    }

    /// Runs a command that talks to the server: it gets the key through a helper that is named in its environment,
    /// so that no secret is ever written to a configuration.
    pub(super) async fn with_key<S: AsRef<OsStr>>(
        &self,
        arguments: &[S],
        (place, url): (&Place, &str),
    ) -> Result<String, Failure> {
        let key = place.key()?;
        let mut command = self.command(arguments);
        command.envs(environment(url, &key.id, &key.secret));
        for name in ["NO_PROXY", "no_proxy"] {
            command.env(name, no_proxy(std::env::var(name).ok()));
        }
        finish(command).await
    }

    fn command<S: AsRef<OsStr>>(&self, arguments: &[S]) -> Command {
        let mut command = Command::new("git");
        command.args(OURS).args(arguments).current_dir(&self.directory).stdin(Stdio::null());
        FOREIGN.iter().for_each(|name| {
            command.env_remove(name);
        });
        // A question for a password would be asked behind the spinner.
        command.env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C").kill_on_drop(true);
        command
    }
}

async fn finish(mut command: Command) -> Result<String, Failure> {
    let output = command.output().await;
    let output = output.map_err(|e| Failure::failed(format!("git cannot be run: {e}")))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned());
    }
    let words: Vec<_> = command.as_std().get_args().skip(OURS.len()).map(OsStr::to_string_lossy).collect();
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::failed(format!("`git {}` failed: {}", words.join(" "), said.trim())))
}

/// A commit as people write it.
pub(super) fn short(commit: &str) -> &str {
    commit.get(..10).unwrap_or(commit)
}
