//! Blobs as files of the local disk.

use std::{
    collections::HashSet,
    fs::{self, DirBuilder, File, OpenOptions, Permissions},
    io::{self, Write},
    ops::Range,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::{SystemTime, UNIX_EPOCH},
};

use async_trait::async_trait;
use bytes::Bytes;
use futures::{StreamExt, stream};
use tokio::task::JoinHandle;
use trainyard_domain::{
    Kind, Timestamp,
    content::BlobKey,
    ports::{Blobs, ByteStream, DriverError, Stat},
};

use super::{
    names,
    sums::{self, Checked, Sums},
};
use crate::trouble;

/// How much is gathered before it is written.
const WRITE_BYTES: usize = 1 << 20;
/// How much is read at once.
const READ_BYTES: u64 = 256 << 10;

/// Blobs in a directory: `kept/` has the whole ones, `coming/` those that are being written. A blob moves from
/// one to the other when its bytes are on the disk, so that half a blob is never seen.
#[derive(Clone, Debug)]
pub struct Disk {
    kept: Arc<Path>,
    coming: Arc<Path>,
    /// The folders in `kept` that survive power loss.
    folders: Arc<Mutex<HashSet<String>>>,
}

impl Disk {
    /// Opens the directory, makes it if it is not there, and sweeps away what was never finished. One process at
    /// a time may have it open. Nobody but the owner may read it, whatever the umask.
    pub fn open(directory: &Path) -> Result<Self, DriverError> {
        let open = || -> io::Result<Self> {
            let (kept, coming) = (directory.join("kept"), directory.join("coming"));
            for path in [directory, &kept, &coming] {
                private_directory(path)?;
            }
            for entry in fs::read_dir(&coming)? {
                absent_is_fine(fs::remove_file(entry?.path()))?;
            }
            // Those that are there may have been made by a process that died before it came to this.
            let whole = directory.canonicalize()?;
            for path in [&kept, &whole, whole.parent().unwrap_or(&whole)] {
                File::open(path)?.sync_all()?;
            }
            let folders = names_in(&kept)?.into_iter().collect();
            Ok(Self { kept: kept.into(), coming: coming.into(), folders: Arc::new(Mutex::new(folders)) })
        };
        open().map_err(|error| trouble::at("open the blobs in", directory, &error))
    }

    fn path(&self, key: &BlobKey) -> PathBuf {
        let file = names::file(key);
        self.kept.join(names::folder(&file)).join(&file)
    }

    /// Moves a whole file to its place; afterwards it survives power loss.
    fn keep(&self, mut partial: Partial, key: &BlobKey) -> io::Result<Stat> {
        let end = std::mem::take(&mut partial.sums).end();
        partial.file.write_all(&end)?;
        partial.file.sync_all()?;
        let stat = stat_of(key, &partial.file.metadata()?);
        let file = names::file(key);
        let folder = self.folder(names::folder(&file))?;
        partial.become_(&folder.join(&file))?;
        File::open(folder)?.sync_all()?;
        Ok(stat)
    }

    /// The folder of that name, there for good. Whoever made it may not have come to that yet.
    fn folder(&self, name: &str) -> io::Result<PathBuf> {
        let folder = self.kept.join(name);
        let folders = || self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        if !folders().contains(name) {
            private_directory(&folder)?;
            File::open(&self.kept)?.sync_all()?;
            folders().insert(name.to_owned());
        }
        Ok(folder)
    }

    fn list_now(&self, after: Option<&BlobKey>, limit: usize) -> io::Result<Vec<Stat>> {
        let after = after.map(names::file);
        let mut found = Vec::new();
        for group in names::groups(names_in(&self.kept)?) {
            let past = after.as_ref().is_some_and(|a| *a > group[0] && !a.starts_with(group[0].as_str()));
            if past {
                continue;
            }
            let mut files: Vec<(String, &String)> = Vec::new();
            for folder in &group {
                files.extend(names_in(&self.kept.join(folder))?.into_iter().map(|file| (file, folder)));
            }
            files.retain(|(file, _)| after.as_ref().is_none_or(|a| file > a));
            files.sort();
            for (file, folder) in files {
                if found.len() == limit {
                    return Ok(found);
                }
                let Some(key) = names::key(&file) else { continue };
                match fs::metadata(self.kept.join(folder).join(&file)) {
                    Ok(meta) => found.push(stat_of(&key, &meta)),
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(found)
    }
}

#[async_trait]
impl Blobs for Disk {
    async fn put(&self, key: &BlobKey, mut body: ByteStream) -> Result<Stat, DriverError> {
        let failed = |error: io::Error| trouble::at("write the blob", Path::new(key.as_str()), &error);
        let mut gathered: Vec<Bytes> = Vec::new();
        let mut size = 0;
        let coming = Arc::clone(&self.coming);
        // One write runs while the next bytes come in.
        let mut writing = tokio::task::spawn_blocking(move || Partial::new(&coming));
        while let Some(piece) = body.next().await {
            let piece = piece.map_err(|error| DriverError::new(trouble::kind(&error), error.to_string()))?;
            size += piece.len();
            gathered.push(piece);
            if size >= WRITE_BYTES {
                let partial = settled(writing).await?.map_err(failed)?;
                writing = partial.write(std::mem::take(&mut gathered));
                size = 0;
            }
        }
        let partial = settled(writing).await?.map_err(failed)?;
        let partial = settled(partial.write(gathered)).await?.map_err(failed)?;
        let (disk, name) = (self.clone(), key.clone());
        settled(tokio::task::spawn_blocking(move || disk.keep(partial, &name))).await?.map_err(failed)
    }

    async fn get(&self, key: &BlobKey, range: Option<Range<u64>>) -> Result<ByteStream, DriverError> {
        let failed = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => DriverError::new(Kind::NotFound, format!("there is no blob `{key}`")),
            io::ErrorKind::InvalidData => {
                tracing::error!("the blob `{key}` cannot be read: {error}");
                DriverError::new(Kind::Internal, format!("the blob `{key}` is {error}"))
            }
            _ => trouble::at("read the blob", Path::new(key.as_str()), &error),
        };
        let path = self.path(key);
        let opened = tokio::task::spawn_blocking(move || Checked::open(File::open(path)?));
        let blob = Arc::new(settled(opened).await?.map_err(failed)?);
        let range = range.unwrap_or(0..blob.size);
        if range.start > range.end || range.end > blob.size {
            let (Range { start, end }, size) = (range, blob.size);
            let text = format!("bytes {start}..{end} do not lie inside the blob `{key}` of {size}");
            return Err(DriverError::new(Kind::Invalid, text));
        }
        // The first bytes come at once: that they are damaged is said before anything is promised.
        let (first, next) = piece(Arc::clone(&blob), range).await;
        let first = first.map_err(failed)?;
        let rest = stream::unfold((blob, next), |(blob, range)| async move {
            if range.is_empty() {
                return None;
            }
            let (read, next) = piece(Arc::clone(&blob), range).await;
            Some((read, (blob, next)))
        });
        Ok(Box::pin(stream::iter([Ok(first)]).chain(rest)))
    }

    async fn stat(&self, key: &BlobKey) -> Result<Option<Stat>, DriverError> {
        match tokio::fs::metadata(self.path(key)).await {
            Ok(meta) => Ok(Some(stat_of(key, &meta))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(trouble::at("look at the blob", Path::new(key.as_str()), &error)),
        }
    }

    async fn list(&self, after: Option<&BlobKey>, limit: usize) -> Result<Vec<Stat>, DriverError> {
        let (disk, after) = (self.clone(), after.cloned());
        settled(tokio::task::spawn_blocking(move || disk.list_now(after.as_ref(), limit)))
            .await?
            .map_err(|error| trouble::at("list the blobs in", &self.kept, &error))
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), DriverError> {
        absent_is_fine(tokio::fs::remove_file(self.path(key)).await)
            .map_err(|error| trouble::at("delete the blob", Path::new(key.as_str()), &error))
    }
}

/// The next bytes of the range, and the range without them. After an error nothing is left.
async fn piece(blob: Arc<Checked>, range: Range<u64>) -> (io::Result<Bytes>, Range<u64>) {
    let Range { start, end } = range;
    // Pieces end where blocks do, so that none is read twice.
    let until = end.min((start + READ_BYTES) / READ_BYTES * READ_BYTES);
    let read = tokio::task::spawn_blocking(move || blob.read(start..until)).await;
    match read.unwrap_or_else(|error| Err(io::Error::other(error))) {
        Ok(bytes) => (Ok(bytes), until..end),
        Err(error) => {
            tracing::error!("a blob cannot be read: {error}");
            (Err(error), end..end)
        }
    }
}

/// A file that is being written. It goes when this is dropped, unless it became a blob.
struct Partial {
    file: File,
    sums: Sums,
    path: PathBuf,
}

impl Partial {
    fn new(directory: &Path) -> io::Result<Self> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(io::Error::other)?;
        let path = directory.join(format!("{:032x}", u128::from_ne_bytes(random)));
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        let partial = Self { file, sums: Sums::default(), path };
        partial.file.set_permissions(Permissions::from_mode(0o600))?;
        Ok(partial)
    }

    fn write(mut self, pieces: Vec<Bytes>) -> JoinHandle<io::Result<Self>> {
        tokio::task::spawn_blocking(move || {
            for piece in pieces {
                self.sums.feed(&piece);
                self.file.write_all(&piece)?;
            }
            Ok(self)
        })
    }

    fn become_(mut self, path: &Path) -> io::Result<()> {
        fs::rename(&self.path, path)?;
        self.path.clear();
        Ok(())
    }
}

impl Drop for Partial {
    fn drop(&mut self) {
        if !self.path.as_os_str().is_empty() {
            // What stays behind is swept when the directory is opened next.
            let _ = fs::remove_file(&self.path);
        }
    }
}

async fn settled<T: Send + 'static>(work: JoinHandle<T>) -> Result<T, DriverError> {
    work.await.map_err(|error| trouble::cut_short(&error))
}

fn absent_is_fine(done: io::Result<()>) -> io::Result<()> {
    match done {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes the directory if it is not there, closed to others.
fn private_directory(path: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(path) {
        Ok(()) => fs::set_permissions(path, Permissions::from_mode(0o700)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

fn names_in(directory: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory)? {
        names.extend(entry?.file_name().into_string());
    }
    Ok(names)
}

fn stat_of(key: &BlobKey, meta: &fs::Metadata) -> Stat {
    let since =
        meta.modified().unwrap_or(SystemTime::UNIX_EPOCH).duration_since(UNIX_EPOCH).unwrap_or_default();
    let modified = Timestamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX));
    Stat { key: key.clone(), size: sums::size(meta.len()), modified }
}
