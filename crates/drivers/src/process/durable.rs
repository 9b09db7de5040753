//! Small files that are there whole or not at all, also after power loss.

use std::{
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

use serde::{Serialize, de::DeserializeOwned};

/// Writes the file anew. When this returns, it survives power loss.
pub(crate) fn write<T: Serialize>(directory: &Path, name: &str, value: &T) -> io::Result<()> {
    let (file, partial) = partial(directory, name, value)?;
    file.sync_data()?;
    fs::rename(&partial, directory.join(name))?;
    sync_directory(directory)
}

/// Writes the file anew: readers see the old one or the new one. Neither may be there after power loss.
pub(crate) fn replace<T: Serialize>(directory: &Path, name: &str, value: &T) -> io::Result<()> {
    let (_, partial) = partial(directory, name, value)?;
    fs::rename(&partial, directory.join(name))
}

fn partial<T: Serialize>(directory: &Path, name: &str, value: &T) -> io::Result<(File, PathBuf)> {
    let path = directory.join(format!(".{name}.{}", nonce()?));
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(&serde_json::to_vec(value)?)?;
    Ok((file, path))
}

/// Reads such a file; `None` if there is none.
pub(crate) fn read<T: DeserializeOwned>(directory: &Path, name: &str) -> io::Result<Option<T>> {
    match fs::read(directory.join(name)) {
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(value) => Ok(Some(value)),
            Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, format!("{name}: {error}"))),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// Makes what was created, renamed or removed in the directory survive power loss.
pub(crate) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Makes the directory and those above it, closed to others, where they are not there yet.
pub(crate) fn private_directory(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    fs::set_permissions(path, Permissions::from_mode(0o700))
}

/// A name that nobody else uses.
pub(crate) fn nonce() -> io::Result<String> {
    let mut random = [0; 8];
    getrandom::fill(&mut random).map_err(io::Error::other)?;
    Ok(format!("{:016x}", u64::from_ne_bytes(random)))
}
