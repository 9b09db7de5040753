//! Who watches over a run: the process that holds the lock on a file in its directory.
//!
//! The kernel drops the lock with the process, however it ends, so it is the one proof of life that cannot be
//! out of date. It is a record lock: children do not inherit it, and asking who holds it does not take it.

use std::{
    fs::{File, OpenOptions},
    io,
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use nix::{
    errno::Errno,
    fcntl::{FcntlArg, fcntl},
    libc,
    unistd::Pid,
};

const FILE: &str = "lock";

/// The lock, held until the process ends.
#[derive(Debug)]
pub(crate) struct Lock {
    _file: File,
}

impl Lock {
    /// Takes the lock; `None` if another process holds it. Once per process and directory: opening the file a
    /// second time and closing it again would drop the lock.
    pub(crate) fn take(directory: &Path) -> io::Result<Option<Self>> {
        let file = open(directory)?;
        match fcntl(&file, FcntlArg::F_SETLK(&whole_file())) {
            Ok(_) => Ok(Some(Self { _file: file })),
            Err(Errno::EACCES | Errno::EAGAIN) => Ok(None),
            Err(errno) => Err(errno.into()),
        }
    }

    /// The process that holds the lock now.
    pub(crate) fn holder(directory: &Path) -> io::Result<Option<Pid>> {
        let file = match OpenOptions::new().read(true).write(true).open(directory.join(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            file => file?,
        };
        let mut lock = whole_file();
        fcntl(&file, FcntlArg::F_GETLK(&mut lock))?;
        let free = lock.l_type == libc::F_UNLCK as libc::c_short;
        Ok((!free).then(|| Pid::from_raw(lock.l_pid)))
    }
}

fn open(directory: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .open(directory.join(FILE))
}

fn whole_file() -> libc::flock {
    libc::flock {
        l_type: libc::F_WRLCK as libc::c_short,
        l_whence: libc::SEEK_SET as libc::c_short,
        l_start: 0,
        l_len: 0,
        l_pid: 0,
    }
}
