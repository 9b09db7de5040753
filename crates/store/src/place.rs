//! The directory that the store lives in, and the lock that keeps a second process out.

use std::{
    fs::{self, DirBuilder, File, TryLockError},
    io::{self, Read, Write},
    path::{Path, PathBuf},
    process,
    sync::{
        Once,
        atomic::{AtomicU64, Ordering},
    },
};

use crate::Error;

/// How the names of passing directories begin.
const PASSING: &str = "trainyard-store-";

/// A directory that is ours until this is dropped: the lock goes with the process, however it ends.
#[derive(Debug)]
pub(crate) struct Place {
    directory: PathBuf,
    vanishes: bool,
    _lock: File,
}

impl Place {
    /// Makes the directory if need be and takes it, or says who has it.
    pub(crate) fn claim(directory: &Path) -> Result<Self, Error> {
        let refused = |e: io::Error| {
            Error::Refused(format!("the directory {} cannot be used: {e}", directory.display()))
        };
        make(directory).map_err(refused)?;
        let path = directory.join("store.lock");
        let mut lock = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(refused)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(taken(directory, &mut lock)),
            Err(TryLockError::Error(e)) => return Err(refused(e)),
        }
        lock.set_len(0).and_then(|()| write!(lock, "{}", process::id())).map_err(refused)?;
        Ok(Self { directory: directory.to_owned(), vanishes: false, _lock: lock })
    }

    /// A directory of its own that is removed when this is dropped.
    pub(crate) fn passing() -> Result<Self, Error> {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        static SWEPT: Once = Once::new();
        SWEPT.call_once(|| sweep(&std::env::temp_dir()));
        loop {
            let name = format!("{PASSING}{}-{}", process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
            let directory = std::env::temp_dir().join(name);
            // One that is left over from a process that was killed is not ours to use.
            if !directory.exists() {
                let mut place = Self::claim(&directory)?;
                place.vanishes = true;
                return Ok(place);
            }
        }
    }

    /// Where the documents are.
    pub(crate) fn file(&self) -> PathBuf {
        self.directory.join("store.db")
    }

    /// Whether what is written must survive power loss.
    pub(crate) fn durable(&self) -> bool {
        !self.vanishes
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.vanishes
            && let Err(e) = fs::remove_dir_all(&self.directory)
        {
            tracing::warn!(directory = %self.directory.display(), "a passing store was left behind: {e}");
        }
    }
}

/// Only its owner may look into a directory that we make; that it is there survives power loss.
fn make(directory: &Path) -> io::Result<()> {
    if !directory.is_dir() {
        let mut builder = DirBuilder::new();
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.recursive(true).create(directory)?;
    }
    // One that is there may have been made by a process that died before it came to this.
    match directory.canonicalize()?.parent() {
        Some(parent) => File::open(parent)?.sync_all(),
        None => Ok(()),
    }
}

/// Removes passing directories whose processes ended without dropping their stores: those with a free lock that had
/// a holder. One without a holder's name may be about to get one.
fn sweep(root: &Path) {
    let entries = fs::read_dir(root).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(PASSING)) {
        let lock = entry.path().join("store.lock");
        let left = fs::read_to_string(&lock).is_ok_and(|holder| !holder.is_empty())
            && File::open(&lock).is_ok_and(|lock| lock.try_lock().is_ok());
        if left {
            // Others may be sweeping too.
            let _ = fs::remove_dir_all(entry.path());
        }
    }
}

fn taken(directory: &Path, lock: &mut File) -> Error {
    let mut pid = String::new();
    let holder = match lock.read_to_string(&mut pid) {
        Ok(_) if !pid.is_empty() => format!("process {pid}"),
        _ => "another process".to_owned(),
    };
    Error::Refused(format!(
        "the directory {} is in use by {holder}: stop that server, or name another directory",
        directory.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_holds_is_swept() {
        let root = tempfile::tempdir().unwrap();
        let at = |name: &str| root.path().join(name);
        drop(Place::claim(&at("trainyard-store-left")).unwrap());
        drop(Place::claim(&at("another")).unwrap());
        let held = Place::claim(&at("trainyard-store-held")).unwrap();
        fs::create_dir(at("trainyard-store-new")).unwrap();
        sweep(root.path());
        let there = ["trainyard-store-left", "another", "trainyard-store-held", "trainyard-store-new"]
            .map(|name| at(name).exists());
        assert_eq!(there, [false, true, true, true]);
        drop(held);
    }
}
