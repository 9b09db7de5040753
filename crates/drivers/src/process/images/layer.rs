//! Unpacking one layer. Nothing in the archive is trusted: it can make files, directories and links below the
//! directory given, and nothing else.

use std::{
    cell::Cell,
    collections::HashSet,
    fs::{self, OpenOptions, Permissions},
    io::{self, Read},
    os::unix::{
        ffi::OsStrExt,
        fs::{OpenOptionsExt, PermissionsExt, symlink},
    },
    path::{Component, Path, PathBuf},
    rc::Rc,
    time::{Duration, UNIX_EPOCH},
};

use flate2::read::MultiGzDecoder;
use tar::{Archive, Entry, EntryType};

/// A layer of more entries than this is refused.
const ENTRIES: usize = 2_000_000;
/// A layer of more bytes than this, unpacked, is refused.
const BYTES: u64 = 64 << 30;
/// A small layer may unpack to so many bytes, whatever it is; a larger one to so many times its size.
const SMALL: u64 = 4 << 30;
const EXPANSION: u64 = 100;
/// Names, links and attributes of one entry have no more bytes than this: they are read into memory.
const HEADERS: u64 = 1 << 20;
/// A path has no more bytes than this, and no more parts.
const PATH_BYTES: usize = 2048;
const PATH_PARTS: usize = 256;
const NAME_BYTES: usize = 255;

/// How a layer is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Packing {
    Tar,
    TarGzip,
}

impl Packing {
    /// By the layer's media type; `None` if it is not one of ours.
    /// <https://github.com/opencontainers/image-spec/blob/main/layer.md>
    pub(super) fn of(media_type: &str) -> Option<Self> {
        match media_type {
            "application/vnd.oci.image.layer.v1.tar" | "application/vnd.docker.image.rootfs.diff.tar" => {
                Some(Self::Tar)
            }
            "application/vnd.oci.image.layer.v1.tar+gzip"
            | "application/vnd.docker.image.rootfs.diff.tar.gzip" => Some(Self::TarGzip),
            _ => None,
        }
    }
}

/// Unpacks the layer of `packed` bytes into the empty directory. `InvalidData` where the archive is not as it may be.
pub(super) fn unpack(bytes: &mut dyn Read, packed: u64, packing: Packing, to: &Path) -> io::Result<()> {
    let bytes: Box<dyn Read + '_> = match packing {
        Packing::Tar => Box::new(bytes),
        Packing::TarGzip => Box::new(MultiGzDecoder::new(bytes)),
    };
    let allowed = Rc::new(Cell::new(0));
    let mut target = Target { root: to.to_owned(), folders: HashSet::new() };
    let mut left = packed.saturating_mul(EXPANSION).clamp(SMALL, BYTES);
    let mut archive = Archive::new(Metered { bytes, allowed: Rc::clone(&allowed) });
    let mut entries = archive.entries().map_err(broken)?;
    for _ in 0..ENTRIES {
        allowed.set(HEADERS);
        let Some(entry) = entries.next() else { return Ok(()) };
        let mut entry = entry.map_err(broken)?;
        let size = entry.size();
        left = left.checked_sub(size).ok_or_else(|| invalid("it is larger than a layer may be"))?;
        allowed.set(u64::MAX);
        target.add(&mut entry)?;
        // What is left of it is not read with the next one's headers.
        io::copy(&mut entry, &mut io::sink()).map_err(broken)?;
    }
    Err(invalid("it has more entries than a layer may have"))
}

/// A reader that gives so many bytes and no more. The reader of archives takes an entry's headers into memory,
/// however large they are.
struct Metered<R> {
    bytes: R,
    allowed: Rc<Cell<u64>>,
}

impl<R: Read> Read for Metered<R> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let count = self.bytes.read(to)?;
        let left = self.allowed.get().checked_sub(count as u64);
        self.allowed.set(left.ok_or_else(|| invalid("the headers of an entry are too large"))?);
        Ok(count)
    }
}

struct Target {
    root: PathBuf,
    /// Directories below the root that are known to be such, and no links.
    folders: HashSet<PathBuf>,
}

impl Target {
    fn add<R: Read>(&mut self, entry: &mut Entry<'_, R>) -> io::Result<()> {
        let name = inside(&entry.path().map_err(broken)?)?;
        if name.as_os_str().is_empty() {
            return Ok(());
        }
        let kind = entry.header().entry_type();
        if matches!(kind, EntryType::XGlobalHeader | EntryType::XHeader) {
            return Ok(());
        }
        self.folder(name.parent().unwrap_or(Path::new("")))?;
        let path = self.root.join(&name);
        // No bits that make anybody somebody else; the owner can always read.
        let mode = entry.header().mode().map_err(broken)? & 0o755 | 0o400;
        if kind == EntryType::Directory {
            self.clear(&name, true)?;
            self.folder(&name)?;
            return fs::set_permissions(&path, Permissions::from_mode(mode | 0o700));
        }
        self.clear(&name, false)?;
        match kind {
            EntryType::Regular | EntryType::Continuous | EntryType::GNUSparse => write(entry, &path, mode),
            EntryType::Symlink => symlink(link(entry)?, &path).map_err(|error| match error.kind() {
                io::ErrorKind::StorageFull => error,
                _ => invalid(&format!("`{}` is no link: {error}", name.display())),
            }),
            EntryType::Link => {
                let from = self.root.join(inside(&link(entry)?)?);
                self.no_links(&from)?;
                fs::hard_link(&from, &path)
                    .map_err(|_| invalid(&format!("`{}` links to nothing", name.display())))
            }
            other => Err(invalid(&format!(
                "`{}` is neither file nor directory nor link: {other:?}",
                name.display()
            ))),
        }
    }

    /// Makes the directory and those above it. A link on the way is refused: it could lead anywhere.
    fn folder(&mut self, name: &Path) -> io::Result<()> {
        let missing = |above: &&Path| !above.as_os_str().is_empty() && !self.folders.contains(*above);
        let mut missing: Vec<&Path> = name.ancestors().take_while(missing).collect();
        missing.reverse();
        missing.into_iter().try_for_each(|name| self.one_folder(name))
    }

    fn one_folder(&mut self, name: &Path) -> io::Result<()> {
        let path = self.root.join(name);
        match fs::create_dir(&path) {
            Ok(()) => fs::set_permissions(&path, Permissions::from_mode(0o755))?,
            Err(_) if fs::symlink_metadata(&path).is_ok_and(|meta| meta.is_dir()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(invalid(&format!("`{}` is not a directory", name.display())));
            }
            Err(error) => return Err(error),
        }
        self.folders.insert(name.to_owned());
        Ok(())
    }

    /// Takes away what an earlier entry put here.
    fn clear(&mut self, name: &Path, keep_folder: bool) -> io::Result<()> {
        let path = self.root.join(name);
        match fs::symlink_metadata(&path) {
            Ok(meta) if meta.is_dir() && keep_folder => Ok(()),
            Ok(meta) if meta.is_dir() => {
                self.folders.retain(|folder| !folder.starts_with(name));
                fs::remove_dir_all(&path)
            }
            Ok(_) => fs::remove_file(&path),
            Err(_) => Ok(()),
        }
    }

    fn no_links(&self, path: &Path) -> io::Result<()> {
        let mut at = path.parent();
        while let Some(folder) = at.filter(|folder| *folder != self.root) {
            if !fs::symlink_metadata(folder).is_ok_and(|meta| meta.is_dir()) {
                return Err(invalid(&format!("`{}` is not a directory", folder.display())));
            }
            at = folder.parent();
        }
        Ok(())
    }
}

fn write<R: Read>(entry: &mut Entry<'_, R>, path: &Path, mode: u32) -> io::Result<()> {
    let mtime = entry.header().mtime().unwrap_or(0);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    let size = entry.size();
    if io::copy(entry, &mut file).map_err(broken)? != size {
        return Err(invalid("it ends in the middle of a file"));
    }
    // Compiled Python is good for the source of that time only.
    file.set_modified(UNIX_EPOCH + Duration::from_secs(mtime.min(u64::from(u32::MAX))))?;
    file.set_permissions(Permissions::from_mode(mode & 0o555))
}

fn link<R: Read>(entry: &Entry<'_, R>) -> io::Result<PathBuf> {
    match entry.link_name().map_err(broken)? {
        Some(target) => Ok(target.into_owned()),
        None => Err(invalid("it has a link to nothing")),
    }
}

/// The path as one below the root.
fn inside(path: &Path) -> io::Result<PathBuf> {
    let bytes = path.as_os_str().as_bytes();
    let parts = || bytes.split(|byte| *byte == b'/');
    let long = bytes.len() > PATH_BYTES || parts().count() > PATH_PARTS;
    if long || bytes.contains(&0) || parts().any(|part| part.len() > NAME_BYTES) {
        return Err(invalid("a path in it is too long, or none"));
    }
    let mut name = PathBuf::new();
    for component in path.components() {
        match component {
            Component::Normal(piece) => name.push(piece),
            Component::RootDir | Component::CurDir => {}
            Component::ParentDir | Component::Prefix(_) => {
                return Err(invalid(&format!("`{}` leads out of it", path.display())));
            }
        }
    }
    Ok(name)
}

fn invalid(text: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("a layer cannot be unpacked: {text}"))
}

/// What a reader of archives says of bytes that are none. Trouble of the disk's own stays what it is.
fn broken(error: io::Error) -> io::Error {
    match error.raw_os_error() {
        Some(_) => error,
        None => invalid(&error.to_string()),
    }
}

#[cfg(test)]
#[path = "layer_tests.rs"]
mod tests;
