//! The host's Python, which images made here run on.

use std::{path::PathBuf, process::Command};

use serde::Deserialize;

use crate::failure::Failure;

/// Older ones are not supported by their makers either.
const OLDEST: (u32, u32) = (3, 9);

/// An interpreter.
#[derive(Clone, Debug, Deserialize)]
pub(super) struct Python {
    /// The real program, not a shim of pyenv's.
    pub(super) program: PathBuf,
    /// Such as 3, 11.
    version: (u32, u32),
    /// What compiled modules must fit, such as `cp311`.
    pub(super) abi: String,
    /// Such as `linux_x86_64`.
    pub(super) platform: String,
    pip: bool,
    debian: bool,
}

const ASK: &str = r#"
import importlib.util, json, os, sys, sysconfig
name = {"cpython": "cp", "pypy": "pp"}.get(sys.implementation.name, sys.implementation.name)
free = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
print(json.dumps({
    "program": sys.executable,
    "version": sys.version_info[:2],
    "abi": "%s%d%d%s" % (name, sys.version_info[0], sys.version_info[1], free),
    "platform": sysconfig.get_platform().replace("-", "_").replace(".", "_"),
    "pip": importlib.util.find_spec("pip") is not None,
    "debian": os.path.exists("/etc/debian_version"),
}))
"#;

impl Python {
    /// The first `python3` on PATH. A virtual environment's counts, a shim is asked for the real one.
    pub(super) fn find() -> Result<Self, Failure> {
        let missing = |why: String| {
            Failure::failed(format!("python3 is needed to install requirements: {why}"))
                .hint("install Python 3.9 or newer, with pip, and put it on PATH")
        };
        let output = Command::new("python3")
            .args(["-c", ASK])
            .output()
            .map_err(|e| missing(format!("it cannot be run: {e}")))?;
        if !output.status.success() {
            let text = String::from_utf8_lossy(&output.stderr);
            let last = text.trim().lines().last().unwrap_or("it ended without a word").to_owned();
            return Err(missing(last));
        }
        let python: Self =
            serde_json::from_slice(&output.stdout).map_err(|e| missing(format!("it answers oddly: {e}")))?;
        let (major, minor) = python.version;
        if python.version < OLDEST {
            let place = python.program.display();
            return Err(missing(format!("{place} is Python {major}.{minor}, and 3.9 or newer is needed")));
        }
        Ok(python)
    }

    /// Refuses an interpreter without pip, and says what to install.
    pub(super) fn needs_pip(&self) -> Result<(), Failure> {
        if self.pip {
            return Ok(());
        }
        let hint = if self.debian {
            "apt install python3-pip python3-venv".to_owned()
        } else {
            format!("{} -m ensurepip", self.program.display())
        };
        Err(Failure::failed(format!("{} has no pip to install requirements with", self.program.display()))
            .hint(hint))
    }
}
