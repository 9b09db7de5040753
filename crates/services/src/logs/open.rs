//! A stream in use: how long its file is as far as it counts, and one writer at a time.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{FileExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
};

use tokio::{
    sync::{Mutex, watch},
    task::spawn_blocking,
};
use trainyard_domain::{
    Timestamp,
    job::{LogLine, LogPage},
};

use super::file::{self, LogEvent, WINDOW};

/// A stream in use.
pub(super) struct OpenStream {
    path: Arc<Path>,
    /// The position in the source; who holds the lock writes.
    position: Mutex<u64>,
    /// Whether this process has seen to the documents already.
    made: AtomicBool,
    /// How many bytes count.
    length: watch::Sender<u64>,
}

impl OpenStream {
    /// Looks at the stream's file, if there is one.
    pub(super) async fn open(path: &Path) -> io::Result<Self> {
        let path: Arc<Path> = path.into();
        let (length, position) = blocking({
            let path = path.clone();
            move || end(&path)
        })
        .await?;
        let made = AtomicBool::new(false);
        Ok(Self { path, position: Mutex::new(position), made, length: watch::Sender::new(length) })
    }

    /// True at the first call only.
    pub(super) fn begin(&self) -> bool {
        !self.made.swap(true, Ordering::Relaxed)
    }

    /// The documents are no more: they are seen to again.
    pub(super) fn is_gone(&self) {
        self.made.store(false, Ordering::Relaxed);
    }

    /// Takes all events away. Who follows the source from its position begins anew.
    pub(super) async fn clear(&self) -> io::Result<()> {
        let mut position = self.position.lock().await;
        let path = self.path.clone();
        let remove = move || match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        blocking(remove).await?;
        *position = 0;
        self.length.send_replace(0);
        Ok(())
    }

    pub(super) async fn position(&self) -> u64 {
        *self.position.lock().await
    }

    pub(super) fn length(&self) -> u64 {
        *self.length.borrow()
    }

    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.length.subscribe()
    }

    /// Appends the page if it begins at the position; returns the position reached.
    pub(super) async fn append(&self, from: u64, page: &LogPage, now: Timestamp) -> io::Result<u64> {
        let mut position = self.position.lock().await;
        if *position != from || page.next < from {
            return Ok(*position);
        }
        self.write(&mut position, page, now).await?;
        Ok(*position)
    }

    /// Appends the lines after whatever is there.
    pub(super) async fn add(&self, lines: Vec<LogLine>, now: Timestamp) -> io::Result<()> {
        let mut position = self.position.lock().await;
        let page = LogPage { lines, next: *position + 1 };
        self.write(&mut position, &page, now).await
    }

    /// Who calls holds the position's lock.
    async fn write(&self, position: &mut u64, page: &LogPage, now: Timestamp) -> io::Result<()> {
        let (path, start, batch) = (self.path.clone(), self.length(), file::batch(page, now));
        let length = blocking(move || write(&path, start, batch.as_bytes())).await?;
        *position = page.next;
        self.length.send_replace(length);
        Ok(())
    }

    /// Whole events from `at` on, as many as stand in one window; and where it ends.
    pub(super) async fn after(&self, at: u64) -> io::Result<(Vec<LogEvent>, u64)> {
        let end = self.length().min(at.saturating_add(WINDOW));
        let bytes = self.read(at, end).await?;
        let whole = match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(newline) => newline + 1,
            None => 0,
        };
        Ok((file::events(&bytes[..whole], at), at + whole as u64))
    }

    /// Whole events that end at `at` or before, as many as stand in one window; and where it begins.
    pub(super) async fn before(&self, at: u64) -> io::Result<(Vec<LogEvent>, u64)> {
        let start = at.saturating_sub(WINDOW);
        let bytes = self.read(start, at).await?;
        let skip = match start {
            0 => 0,
            // The window begins somewhere in a line: the first whole one is the next.
            _ => bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |newline| newline + 1),
        };
        let start = start + skip as u64;
        Ok((file::events(&bytes[skip..], start), start))
    }

    /// Whether a line begins at `at`, so that a token may say so.
    pub(super) async fn is_line_start(&self, at: u64) -> io::Result<bool> {
        if at == 0 {
            return Ok(true);
        }
        Ok(at <= self.length() && self.read(at - 1, at).await? == b"\n")
    }

    async fn read(&self, from: u64, to: u64) -> io::Result<Vec<u8>> {
        let path = self.path.clone();
        blocking(move || {
            let mut bytes = vec![0; usize::try_from(to.saturating_sub(from)).unwrap_or(0)];
            if !bytes.is_empty() {
                File::open(&path)?.read_exact_at(&mut bytes, from)?;
            }
            Ok(bytes)
        })
        .await
    }
}

/// The length that counts, and the position.
fn end(path: &Path) -> io::Result<(u64, u64)> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, 0)),
        Err(error) => return Err(error),
    };
    let mut to = file.metadata()?.len();
    let mut window = 64 * 1024;
    loop {
        let from = to.saturating_sub(window);
        let mut bytes = vec![0; usize::try_from(to - from).unwrap_or(0)];
        file.read_exact_at(&mut bytes, from)?;
        // What begins somewhere in a line could look like a mark.
        let skip = match from {
            0 => 0,
            _ => bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |newline| newline + 1),
        };
        if let Some((end, position)) = file::last_mark(&bytes[skip..]) {
            return Ok((from + (skip + end) as u64, position));
        }
        if from == 0 {
            return Ok((0, 0));
        }
        // No mark in sight: look further back, the line that was cut included.
        to = from + skip as u64;
        window = WINDOW;
    }
}

fn write(path: &Path, start: u64, batch: &[u8]) -> io::Result<u64> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false).mode(0o600);
    let mut file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            path.parent().map_or(Ok(()), file::private_directory)?;
            options.open(path)?
        }
        other => other?,
    };
    file.set_len(start)?;
    io::Seek::seek(&mut file, io::SeekFrom::Start(start))?;
    file.write_all(batch)?;
    Ok(start + batch.len() as u64)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    spawn_blocking(work).await.map_err(io::Error::other)?
}

impl std::fmt::Debug for OpenStream {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("OpenStream").field("path", &PathBuf::from(&*self.path)).finish_non_exhaustive()
    }
}
