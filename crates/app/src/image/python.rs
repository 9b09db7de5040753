//! The host's Python, which images made here run on.

use std::{env, iter, path::PathBuf, process::Command};

use serde::Deserialize;

use crate::failure::Failure;

/// Older ones are not supported by their makers either.
const OLDEST: (u32, u32) = (3, 9);

/// An interpreter.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Python {
    /// The real program, not a shim of pyenv's.
    pub(super) program: PathBuf,
    /// Such as 3, 11.
    version: (u32, u32),
    /// What compiled modules must fit, such as `cp311`.
    pub(super) abi: String,
    /// Such as `linux_x86_64`.
    pub(super) platform: String,
    /// Where pip is imported from: nowhere special if it is installed; a wheel that comes with Python if not.
    pip: Option<PathBuf>,
    debian: bool,
}

const ASK: &str = r#"
import glob, importlib.util, json, os, sys, sysconfig
name = {"cpython": "cp", "pypy": "pp"}.get(sys.implementation.name, sys.implementation.name)
free = "t" if sysconfig.get_config_var("Py_GIL_DISABLED") else ""
def pip():
    if importlib.util.find_spec("pip"):
        return ""
    bundle = importlib.util.find_spec("ensurepip")
    places = [os.path.join(os.path.dirname(bundle.origin), "_bundled")] if bundle and bundle.origin else []
    places += filter(None, [sysconfig.get_config_var("WHEEL_PKG_DIR"), "/usr/share/python-wheels"])
    return next((wheel for place in places for wheel in glob.glob(os.path.join(place, "pip-*.whl"))), None)
print(json.dumps({
    "program": sys.executable,
    "version": sys.version_info[:2],
    "abi": "%s%d%d%s" % (name, sys.version_info[0], sys.version_info[1], free),
    "platform": sysconfig.get_platform().replace("-", "_").replace(".", "_"),
    "pip": pip(),
    "debian": os.path.exists("/etc/debian_version"),
}))
"#;

impl Python {
    /// The first `python3` on PATH. A virtual environment's counts, a shim is asked for the real one.
    pub(crate) fn find() -> Result<Self, Failure> {
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

    /// Its pip, to be given arguments; without one, what to install.
    pub(crate) fn pip(&self) -> Result<Command, Failure> {
        let Some(place) = &self.pip else { return Err(self.no_pip()) };
        let mut command = Command::new(&self.program);
        command.args(["-m", "pip"]);
        if !place.as_os_str().is_empty() {
            // pip runs out of its wheel, as Python's own `ensurepip` has it do.
            let before = env::var_os("PYTHONPATH").unwrap_or_default();
            let before = env::split_paths(&before).filter(|place| !place.as_os_str().is_empty());
            let places = iter::once(place.clone()).chain(before);
            command.env("PYTHONPATH", env::join_paths(places).unwrap_or_else(|_| place.into()));
        }
        Ok(command)
    }

    fn no_pip(&self) -> Failure {
        let hint = if self.debian {
            "apt install python3-pip python3-venv".to_owned()
        } else {
            format!("{} -m ensurepip", self.program.display())
        };
        Failure::failed(format!("{} has no pip to install requirements with", self.program.display()))
            .hint(hint)
    }
}
