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

fn is_script(path: &Path) -> bool {
    let mut begin = [0; 2];
    fs::File::open(path).and_then(|mut file| file.read_exact(&mut begin)).is_ok() && begin == *b"#!"
}

fn asked(path: &Path) -> Option<PathBuf> {
    let program = "import os, sys; print(os.path.realpath(sys.executable))";
    let output = Command::new(path).args(["-I", "-c", program]).output().ok()?;
    fs::canonicalize(String::from_utf8(output.stdout).ok()?.trim()).ok()
}
