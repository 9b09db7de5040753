//! The host's Python, which images without an operating system of their own run on.

use std::{
    env, fs,
    io::Read,
    path::{Path, PathBuf},
    process::Command,
};

/// An interpreter with all that belongs to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Python {
    /// The directory that holds it all, such as `/usr` or `~/.pyenv/versions/3.12.1`.
    pub prefix: PathBuf,
    /// The directory with `python3` in it.
    pub programs: PathBuf,
}

impl Python {
    /// The interpreter given, or the first `python3` on our own PATH. `None` if there is none.
    pub(crate) fn find(given: Option<&Path>) -> Option<Self> {
        let path = match given {
            Some(path) => path.to_owned(),
            None => env::split_paths(&env::var_os("PATH")?)
                .map(|place| place.join("python3"))
                .find(|p| p.is_file())?,
        };
        // A virtual environment's interpreter is a link to the real one; a shim of pyenv or asdf is a script that
        // only knows when it is asked.
        let real = fs::canonicalize(&path).ok()?;
        let real = if is_script(&real) { asked(&path)? } else { real };
        let programs = real.parent()?.to_owned();
        let prefix = programs.parent()?.to_owned();
        programs.join("python3").exists().then_some(Self { prefix, programs })
    }
}

impl Python {
    /// What its compiled modules are for, such as `cp311`: the word in the label of images that it built. `None` if it
    /// does not say.
    pub(crate) fn abi(&self) -> Option<String> {
        let program = "import sys, sysconfig; \
            name = {'cpython': 'cp', 'pypy': 'pp'}.get(sys.implementation.name, sys.implementation.name); \
            free = 't' if sysconfig.get_config_var('Py_GIL_DISABLED') else ''; \
            print('%s%d%d%s' % (name, *sys.version_info[:2], free))";
        let output = Command::new(self.programs.join("python3")).args(["-I", "-c", program]).output().ok()?;
        let abi = String::from_utf8(output.stdout).ok()?.trim().to_owned();
        (!abi.is_empty()).then_some(abi)
    }
}

/// Why an image with this label, `<ABI>-<platform>`, cannot run on the Python with that ABI. One that brings no compiled
/// modules says `any`.
pub(crate) fn misfit(label: &str, abi: &str) -> Option<String> {
    let built_for =
        label.split('-').next().filter(|built_for| !built_for.is_empty() && *built_for != "any")?;
    (built_for != abi).then(|| {
        format!(
            "its packages are for Python {built_for}, and the server's python3 is {abi}: build the image again, or \
             start the server with that Python first on PATH"
        )
    })
}

fn is_script(path: &Path) -> bool {
    let mut begin = [0; 2];
    fs::File::open(path).and_then(|mut file| file.read_exact(&mut begin)).is_ok() && begin == *b"#!"
}

fn asked(path: &Path) -> Option<PathBuf> {
    let program = "import os, sys; print(os.path.realpath(sys.executable))";
    let output = Command::new(path).args(["-I", "-c", program]).output().ok()?;
    fs::canonicalize(String::from_utf8(output.stdout).ok()?.trim()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_run_on_the_python_that_built_them() {
        for fits in ["cp311-linux_x86_64", "any-linux_x86_64", ""] {
            assert_eq!(misfit(fits, "cp311"), None, "{fits}");
        }
        assert!(
            misfit("cp39-linux_x86_64", "cp311")
                .is_some_and(|why| why.contains("cp39") && why.contains("cp311"))
        );
        assert!(misfit("cp313t-linux_x86_64", "cp313").is_some(), "without its lock it is another");
    }

    #[test]
    fn the_abi_is_asked_for() {
        let python = Python::find(None).unwrap();
        assert!(python.abi().is_some_and(|abi| abi.starts_with("cp3") || abi.starts_with("pp3")));
    }
}
