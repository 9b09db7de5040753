//! The installed git, as the house runs it: with nothing of the user's or the system's configuration.

use std::path::Path;

use tokio::process::Command;

use super::{Error, read::Login};

/// A git command that depends on nothing but its arguments and the repository it is pointed at. The environment is
/// empty but for what git itself needs.
pub fn git() -> Command {
    let mut command = Command::new("git");
    command.env_clear().envs(environment()).stdin(std::process::Stdio::null()).kill_on_drop(true);
    command
}

fn environment() -> Vec<(&'static str, std::ffi::OsString)> {
    let mut environment: Vec<(&'static str, std::ffi::OsString)> = vec![
        ("PATH", std::env::var_os("PATH").unwrap_or_else(|| "/usr/local/bin:/usr/bin:/bin".into())),
        ("HOME", "/nonexistent".into()),
        ("LC_ALL", "C".into()),
        ("GIT_CONFIG_NOSYSTEM", "1".into()),
        ("GIT_CONFIG_GLOBAL", "/dev/null".into()),
        ("GIT_TERMINAL_PROMPT", "0".into()),
        ("GIT_ASKPASS", "true".into()),
        // Neither programs nor files of ours that an address could name, also when a server redirects.
        ("GIT_ALLOW_PROTOCOL", "https:file".into()),
        // The data directory may belong to another user than the one the server runs as.
        ("GIT_CONFIG_COUNT", "1".into()),
        ("GIT_CONFIG_KEY_0", "safe.directory".into()),
        ("GIT_CONFIG_VALUE_0", "*".into()),
    ];
    // macOS finds its git by these; the rest is for clones of foreign repositories.
    for name in [
        "DEVELOPER_DIR",
        "GIT_EXEC_PATH",
        "TMPDIR",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "http_proxy",
        "https_proxy",
        "no_proxy",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "GIT_SSL_CAINFO",
        "CURL_CA_BUNDLE",
    ] {
        environment.extend(std::env::var_os(name).map(|value| (name, value)));
    }
    environment
}

/// Runs git to its end and gives what it printed.
pub(super) async fn output(directory: Option<&Path>, arguments: &[&str]) -> Result<Vec<u8>, Failed> {
    let mut command = git();
    if let Some(directory) = directory {
        command.arg("--git-dir").arg(directory);
    }
    finished(command, arguments).await
}

/// Says user and password to a git that asks for them.
const SAYS: &str =
    r#"!says() { printf 'username=%s\npassword=%s\n' "$TRAINYARD_USER" "$TRAINYARD_PASSWORD"; }; says"#;

/// The same, not in a repository. git asks for the login when a host does, and only for the one that it is for: not when
/// that host leads on to another. It is not among the arguments, where all of the machine could read it.
pub(super) async fn output_with(login: Option<&Login>, arguments: &[&str]) -> Result<Vec<u8>, Failed> {
    let mut command = git();
    if let Some(Login { host, user, password }) = login {
        command.env("GIT_CONFIG_COUNT", "2");
        command.env("GIT_CONFIG_KEY_1", format!("credential.https://{host}.helper"));
        command.env("GIT_CONFIG_VALUE_1", SAYS);
        command.env("TRAINYARD_USER", user).env("TRAINYARD_PASSWORD", password);
    }
    finished(command, arguments).await
}

async fn finished(mut command: Command, arguments: &[&str]) -> Result<Vec<u8>, Failed> {
    let done = command.args(arguments).output().await;
    let done = done.map_err(|e| Failed { code: None, said: format!("git cannot be started: {e}") })?;
    if done.status.success() {
        return Ok(done.stdout);
    }
    let said = String::from_utf8_lossy(&done.stderr).trim().to_owned();
    let said = if said.is_empty() { format!("git {}: {}", arguments.join(" "), done.status) } else { said };
    Err(Failed { code: done.status.code(), said })
}

/// git ended with an error.
#[derive(Debug)]
pub(super) struct Failed {
    /// Its exit status, if it got that far.
    pub code: Option<i32>,
    /// What it complained of.
    pub said: String,
}

impl From<Failed> for Error {
    fn from(failed: Failed) -> Self {
        Self::Git(failed.said)
    }
}
