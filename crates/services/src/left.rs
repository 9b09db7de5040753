//! Reading what somebody else's program has left in a directory of ours. It may have put anything there: links that
//! lead to the server's own files, pipes that never end, files of any size.

use std::{
    fs::{File, OpenOptions, symlink_metadata},
    io::{self, Read},
    os::unix::fs::OpenOptionsExt,
    path::{Component, Path, PathBuf},
};

use nix::libc::{O_CLOEXEC, O_NOFOLLOW, O_NONBLOCK};

/// The directory `below` this one; `None` where there is none, or where a link stands on the way to it.
pub(crate) fn directory(base: &Path, below: &Path) -> Option<PathBuf> {
    let mut path = base.to_owned();
    for part in below.components() {
        let Component::Normal(name) = part else { return None };
        path.push(name);
        if !symlink_metadata(&path).is_ok_and(|meta| meta.is_dir()) {
            return None;
        }
    }
    Some(path)
}

/// The file `below` this directory; `NotFound` where there is none, or where what is there is no plain file.
pub(crate) fn open(base: &Path, below: &Path) -> io::Result<File> {
    let none = || io::Error::new(io::ErrorKind::NotFound, format!("there is no file {}", below.display()));
    let folder = directory(base, below.parent().unwrap_or(Path::new(""))).ok_or_else(none)?;
    let name = below.file_name().ok_or_else(none)?;
    // A pipe is opened without waiting for its other end, and then refused.
    let flags = O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    let file = OpenOptions::new().read(true).custom_flags(flags).open(folder.join(name));
    let file = file.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => none(),
        _ if symlink_metadata(folder.join(name)).is_ok_and(|meta| meta.is_symlink()) => none(),
        _ => error,
    })?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(none()) }
}

/// The first bytes of the file, at most `limit` of them.
pub(crate) fn read(base: &Path, below: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(base, below)?.take(limit).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn only_what_is_really_there_is_read() {
        let place = tempfile::tempdir().unwrap();
        let (secret, base) = (place.path().join("secret"), place.path().join("job"));
        std::fs::create_dir_all(base.join("output")).unwrap();
        std::fs::create_dir(&secret).unwrap();
        std::fs::write(secret.join("key"), "secret").unwrap();
        std::fs::write(base.join("output/failure"), "it broke").unwrap();
        symlink(secret.join("key"), base.join("output/link")).unwrap();
        symlink(&secret, base.join("folder")).unwrap();
        nix::unistd::mkfifo(&base.join("output/pipe"), nix::sys::stat::Mode::S_IRWXU).unwrap();
        let check = |path: &str, expect: Option<&str>| {
            let found = read(&base, Path::new(path), 5).map(|bytes| String::from_utf8(bytes).unwrap());
            assert_eq!(found.as_deref().ok(), expect, "{path}");
        };
        check("output/failure", Some("it br"));
        for none in ["output/link", "output/pipe", "output", "folder/key", "../secret/key", "", "output/x/y"]
        {
            check(none, None);
        }
        assert_eq!(directory(&base, Path::new("output")), Some(base.join("output")));
        for none in ["folder", "output/link", "output/failure", "..", "nothing"] {
            assert_eq!(directory(&base, Path::new(none)), None, "{none}");
        }
    }
}
