//! Laying layers over each other.

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::{DirBuilderExt, symlink},
    path::{Path, PathBuf},
};

/// `.wh.x` takes away what lower layers have at `x`.
/// <https://github.com/opencontainers/image-spec/blob/main/layer.md#whiteouts>
const WHITEOUT: &str = ".wh.";
/// Takes away all that lower layers have in its directory.
const OPAQUE: &str = ".wh..wh..opq";

/// Makes the tree of these layers, lowest first, in the empty directory. Files are hard links.
pub(super) fn merge(layers: &[PathBuf], to: &Path) -> io::Result<()> {
    layers.iter().try_for_each(|layer| lay(layer, to))
}

fn lay(layer: &Path, to: &Path) -> io::Result<()> {
    let entries = fs::read_dir(layer)?.collect::<io::Result<Vec<_>>>()?;
    // What a layer takes away is the lower ones', never its own.
    for entry in &entries {
        let name = entry.file_name();
        let Some(hidden) = name.to_str().and_then(|name| name.strip_prefix(WHITEOUT)) else { continue };
        if name == OPAQUE {
            for old in fs::read_dir(to)? {
                remove(&old?.path())?;
            }
        } else if !matches!(hidden, "" | "." | "..") {
            remove(&to.join(hidden))?;
        }
    }
    for entry in entries {
        let name = entry.file_name();
        if name.to_str().is_some_and(|name| name.starts_with(WHITEOUT)) {
            continue;
        }
        let (from, at) = (entry.path(), to.join(&name));
        let kind = entry.file_type()?;
        if kind.is_dir() {
            if !fs::symlink_metadata(&at).is_ok_and(|meta| meta.is_dir()) {
                remove(&at)?;
                DirBuilder::new().mode(0o755).create(&at)?;
            }
            fs::set_permissions(&at, entry.metadata()?.permissions())?;
            lay(&from, &at)?;
        } else {
            remove(&at)?;
            if kind.is_symlink() {
                symlink(fs::read_link(&from)?, &at)?;
            } else {
                fs::hard_link(&from, &at)?;
            }
        }
    }
    Ok(())
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(meta) if meta.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
