//! What goes into a layer: files of a directory, in order, with normal modes, and without what a run leaves behind.

use std::{
    collections::BTreeMap,
    ffi::OsStr,
    fs, io,
    os::unix::{ffi::OsStrExt, fs::PermissionsExt},
    path::{Component, Path, PathBuf},
};

/// The entries of one layer by their path in the image, which has no leading slash.
#[derive(Debug, Default)]
pub(super) struct Entries(pub(super) BTreeMap<Vec<u8>, Entry>);

/// One of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    Directory,
    File { from: PathBuf, executable: bool },
    Bytes(Vec<u8>),
    Link { to: PathBuf },
}

impl Entries {
    /// Adds all of `directory` under `at` (absolute). Left out are `.git` and, unless `compiled`, what Python compiles.
    /// Refused are links that lead out of the directory, and things that are neither file nor directory nor link.
    pub(super) fn add_tree(&mut self, directory: &Path, at: &Path, compiled: bool) -> io::Result<()> {
        self.add_parents(at);
        let walk = Walk { root: directory, at, compiled };
        walk.add(Path::new(""), self)
    }

    /// Adds a file with these bytes.
    pub(super) fn add_bytes(&mut self, at: &Path, bytes: Vec<u8>) {
        if let Some(parent) = at.parent() {
            self.add_parents(parent);
        }
        self.0.insert(key(at), Entry::Bytes(bytes));
    }

    fn add_parents(&mut self, at: &Path) {
        for place in at.ancestors().filter(|place| place.parent().is_some()) {
            self.0.insert(key(place), Entry::Directory);
        }
    }
}

struct Walk<'a> {
    root: &'a Path,
    at: &'a Path,
    compiled: bool,
}

impl Walk<'_> {
    fn add(&self, below: &Path, entries: &mut Entries) -> io::Result<()> {
        let directory = self.root.join(below);
        let named = |e: io::Error| io::Error::new(e.kind(), format!("{}: {e}", directory.display()));
        for found in fs::read_dir(&directory).map_err(named)? {
            let found = found.map_err(named)?;
            if self.left_out(&found.file_name()) {
                continue;
            }
            let below = below.join(found.file_name());
            let kind = found.file_type()?;
            let entry = if kind.is_dir() {
                self.add(&below, entries)?;
                Entry::Directory
            } else if kind.is_symlink() {
                Entry::Link { to: self.inner_link(&below, &fs::read_link(found.path())?)? }
            } else if kind.is_file() {
                let executable = found.metadata()?.permissions().mode() & 0o100 != 0;
                Entry::File { from: found.path(), executable }
            } else {
                return Err(refused(&found.path(), "is neither a file nor a directory nor a link"));
            };
            entries.0.insert(key(&self.at.join(&below)), entry);
        }
        Ok(())
    }

    fn left_out(&self, name: &OsStr) -> bool {
        let compiled = name == "__pycache__" || name.as_bytes().ends_with(b".pyc");
        name == ".git" || (compiled && !self.compiled)
    }

    fn inner_link(&self, below: &Path, to: &Path) -> io::Result<PathBuf> {
        let mut depth = below.components().count().saturating_sub(1);
        for step in to.components() {
            let next = match step {
                Component::Normal(_) => depth.checked_add(1),
                Component::ParentDir => depth.checked_sub(1),
                Component::CurDir => Some(depth),
                Component::RootDir | Component::Prefix(_) => None,
            };
            let outside =
                || refused(&self.root.join(below), "is a link to something outside of its directory");
            depth = next.ok_or_else(outside)?;
        }
        Ok(to.to_owned())
    }
}

fn refused(path: &Path, why: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidInput,
        format!("{} {why}: it cannot go into an image", path.display()),
    )
}

fn key(at: &Path) -> Vec<u8> {
    at.strip_prefix("/").unwrap_or(at).as_os_str().as_bytes().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(entries: &Entries) -> Vec<String> {
        entries.0.keys().map(|name| String::from_utf8(name.clone()).unwrap()).collect()
    }

    #[test]
    fn leaves_out_what_a_run_leaves_behind() {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path();
        fs::create_dir_all(root.join("a/__pycache__")).unwrap();
        fs::create_dir(root.join(".git")).unwrap();
        for name in ["b.py", "b.pyc", "a/c.py", "a/__pycache__/c.pyc", ".git/HEAD"] {
            fs::write(root.join(name), name).unwrap();
        }
        std::os::unix::fs::symlink("../b.py", root.join("a/link")).unwrap();
        let mut entries = Entries::default();
        entries.add_tree(root, Path::new("/opt/program"), false).unwrap();
        let expect = [
            "opt",
            "opt/program",
            "opt/program/a",
            "opt/program/a/c.py",
            "opt/program/a/link",
            "opt/program/b.py",
        ];
        assert_eq!(names(&entries), expect);
    }

    #[test]
    fn refuses_links_that_lead_out() {
        for to in ["/etc/passwd", "../x", "a/../../x"] {
            let directory = tempfile::tempdir().unwrap();
            std::os::unix::fs::symlink(to, directory.path().join("link")).unwrap();
            let added = Entries::default().add_tree(directory.path(), Path::new("/opt"), false);
            assert!(added.unwrap_err().to_string().contains("outside"), "{to}");
        }
    }
}
