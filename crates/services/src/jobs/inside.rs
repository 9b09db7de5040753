//! What a job has left in its directory, read without being led out of it: the job may have put links, pipes and
//! locked directories there. To be used when nothing of the job runs any more.

use std::{
    fs::{self, Metadata, Permissions},
    io::{self, Read},
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// What its owner needs to look into a directory and to clear it.
const OWNERS: u32 = 0o700;

/// What an entry is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    Directory,
    File,
    /// Where it leads is nobody's business.
    Link,
}

/// Something that is there, by its path below the directory that was walked.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: PathBuf,
    pub(super) form: Form,
}

/// What is at `path` below `home`. `None` if it is not there or if a part of the way is not a directory itself.
fn look(home: &Path, path: &str) -> io::Result<Option<(PathBuf, Metadata)>> {
    let mut at = home.to_owned();
    let mut found = fs::symlink_metadata(&at)?;
    for part in path.split('/').filter(|part| !part.is_empty()) {
        if !found.is_dir() {
            return Ok(None);
        }
        open_up(&at, &found)?;
        at.push(part);
        found = match fs::symlink_metadata(&at) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
            found => found?,
        };
    }
    Ok(Some((at, found)))
}

/// All that is below the directory at `path`, each directory before what is in it, in the order of names. `None` if
/// there is something else than a directory. Pipes, sockets and devices hold nothing and are left out.
pub(super) fn walk(home: &Path, path: &str) -> io::Result<Option<Vec<Entry>>> {
    let Some((root, found)) = look(home, path)? else { return Ok(Some(Vec::new())) };
    if !found.is_dir() {
        return Ok(None);
    }
    open_up(&root, &found)?;
    let mut all = Vec::new();
    gather(&root, Path::new(""), &mut all)?;
    Ok(Some(all))
}

fn gather(root: &Path, below: &Path, all: &mut Vec<Entry>) -> io::Result<()> {
    let mut entries = fs::read_dir(root.join(below))?.collect::<Result<Vec<_>, _>>()?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = below.join(entry.file_name());
        let found = entry.metadata()?;
        if found.is_symlink() {
            all.push(Entry { path, form: Form::Link });
        } else if found.is_dir() {
            open_up(&entry.path(), &found)?;
            all.push(Entry { path: path.clone(), form: Form::Directory });
            gather(root, &path, all)?;
        } else if found.is_file() {
            open_up(&entry.path(), &found)?;
            all.push(Entry { path, form: Form::File });
        }
    }
    Ok(())
}

/// The first `most` bytes of the file at `path`; nothing if there is no file.
pub(super) fn beginning(home: &Path, path: &str, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some((path, found)) = look(home, path)?
        && found.is_file()
    {
        open_up(&path, &found)?;
        fs::File::open(path)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

/// A job may take away its own rights to what it leaves; its owner is still allowed to give them back.
fn open_up(path: &Path, found: &Metadata) -> io::Result<()> {
    let mode = found.permissions().mode();
    let wanted = if found.is_dir() { OWNERS } else { 0o400 };
    if mode & wanted == wanted {
        return Ok(());
    }
    match fs::set_permissions(path, Permissions::from_mode(mode | wanted)) {
        // It is somebody else's: whether it can be read shows when it is.
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        done => done,
    }
}

/// Makes a directory that only its owner can look into.
pub(super) fn private_directory(path: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(OWNERS).create(path)
}

/// Takes a directory away with all that is in it; nothing happens if it is not there.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(e) if e.kind() == io::ErrorKind::PermissionDenied => {
            walk(path, "")?;
            fs::remove_dir_all(path)
        }
        done => done,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    fn home() -> tempfile::TempDir {
        let home = tempfile::tempdir().unwrap();
        fs::create_dir_all(home.path().join("output/data/deep")).unwrap();
        fs::write(home.path().join("output/data/deep/a"), "one").unwrap();
        fs::write(home.path().join("output/failure"), "no luck").unwrap();
        home
    }

    #[test]
    fn all_is_found_in_order() {
        let home = home();
        fs::write(home.path().join("output/data/b"), "two").unwrap();
        symlink("/etc", home.path().join("output/data/z")).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(home.path().join("output/data/s")).unwrap();
        let found = walk(home.path(), "output/data").unwrap().unwrap();
        let shown: Vec<_> = found.iter().map(|e| (e.path.to_str().unwrap(), e.form)).collect();
        let expect =
            [("b", Form::File), ("deep", Form::Directory), ("deep/a", Form::File), ("z", Form::Link)];
        assert_eq!(shown, expect);
    }

    #[test]
    fn no_link_leads_out() {
        let (home, outside) = (home(), home());
        let put = |name: &str, target: &Path| {
            let path = home.path().join(name);
            let _ = fs::remove_dir_all(&path);
            let _ = fs::remove_file(&path);
            symlink(target, path).unwrap();
        };
        put("output/data", &outside.path().join("output/data"));
        assert_eq!(walk(home.path(), "output/data").unwrap(), None);
        assert_eq!(walk(home.path(), "output/data/deep").unwrap(), Some(Vec::new()));
        put("output/failure", &outside.path().join("output/failure"));
        assert_eq!(beginning(home.path(), "output/failure", 9).unwrap(), b"");
        put("output", &outside.path().join("output"));
        assert_eq!(beginning(home.path(), "output/failure", 9).unwrap(), b"");
        assert_eq!(walk(home.path(), "output/data").unwrap(), Some(Vec::new()));
    }

    #[test]
    fn what_is_not_there_is_nothing() {
        let home = home();
        assert_eq!(walk(home.path(), "model").unwrap(), Some(Vec::new()));
        assert_eq!(beginning(home.path(), "output/message", 9).unwrap(), b"");
        assert_eq!(beginning(home.path(), "output/failure", 2).unwrap(), b"no");
    }

    #[test]
    fn a_locked_directory_is_read_and_cleared() {
        let home = home();
        for path in ["output/data/deep/a", "output/data/deep", "output"] {
            fs::set_permissions(home.path().join(path), Permissions::from_mode(0o0)).unwrap();
        }
        assert_eq!(beginning(home.path(), "output/data/deep/a", 9).unwrap(), b"one");
        fs::set_permissions(home.path().join("output/data"), Permissions::from_mode(0o0)).unwrap();
        assert_eq!(walk(home.path(), "output/data").unwrap().unwrap().len(), 2);
        fs::set_permissions(home.path().join("output/data"), Permissions::from_mode(0o0)).unwrap();
        remove(&home.path().join("output")).unwrap();
        remove(&home.path().join("output")).unwrap();
        assert!(!home.path().join("output").exists());
    }
}
