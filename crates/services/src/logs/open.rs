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

use super::{
    file::{self, LogEvent, WINDOW},
    head::Head,
    trim,
};

/// A stream in use.
pub(super) struct OpenStream {
    path: Arc<Path>,
    /// The position in the source; who holds the lock writes.
    position: Mutex<u64>,
    /// Whether this process has seen to the documents already.
    made: AtomicBool,
    /// Where it ends, as far as it counts.
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
        let remove = |path: &Path| match fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        };
        blocking(move || remove(&path).and_then(|()| remove(&trim::fresh(&path)))).await?;
        *position = 0;
        self.length.send_replace(0);
        Ok(())
    }

    /// Takes all events away that are older than `oldest`, and says whether there were any. What is left stands where it
    /// stood.
    pub(super) async fn trim(&self, oldest: Timestamp) -> io::Result<bool> {
        let _nobody_writes = self.position.lock().await;
        let (path, length) = (self.path.clone(), self.length());
        blocking(move || trim::trim(&path, length, oldest)).await
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
        let end = self.length();
        let from = move |begin: u64| (at.max(begin), end.min(at.max(begin).saturating_add(WINDOW)));
        let Read { at, bytes, .. } = self.read(from).await?;
        let whole = match bytes.iter().rposition(|byte| *byte == b'\n') {
            Some(newline) => newline + 1,
            None => 0,
        };
        Ok((file::events(&bytes[..whole], at), at + whole as u64))
    }

    /// Whole events that end at `at` or before, as many as stand in one window; and where it begins.
    pub(super) async fn before(&self, at: u64) -> io::Result<(Vec<LogEvent>, u64)> {
        let to = move |begin: u64| (at.saturating_sub(WINDOW).max(begin).min(at), at);
        let Read { begin, at: start, bytes } = self.read(to).await?;
        let skip = match start <= begin {
            true => 0,
            // The window begins somewhere in a line: the first whole one is the next.
            false => bytes.iter().position(|byte| *byte == b'\n').map_or(bytes.len(), |newline| newline + 1),
        };
        let start = start + skip as u64;
        Ok((file::events(&bytes[skip..], start), start))
    }

    /// Whether a line begins at `at`, so that a token may say so. One that has been cut off did.
    pub(super) async fn is_line_start(&self, at: u64) -> io::Result<bool> {
        if at == 0 || at > self.length() {
            return Ok(at == 0);
        }
        let Read { bytes, .. } =
            self.read(move |begin| if at <= begin { (at, at) } else { (at - 1, at) }).await?;
        Ok(bytes.is_empty() || bytes == b"\n")
    }

    /// Reads between two places of the stream, which follow from where its file begins. The file that is read says so
    /// itself: another may take its place meanwhile.
    async fn read(&self, between: impl FnOnce(u64) -> (u64, u64) + Send + 'static) -> io::Result<Read> {
        if self.length() == 0 {
            return Ok(Read { begin: 0, at: between(0).0, bytes: Vec::new() });
        }
        let path = self.path.clone();
        blocking(move || {
            let file = File::open(&path)?;
            let head = Head::of(&file)?;
            let (at, to) = between(head.from);
            let mut bytes = vec![0; usize::try_from(to.saturating_sub(at)).unwrap_or(0)];
            file.read_exact_at(&mut bytes, head.in_file(at))?;
            Ok(Read { begin: head.from, at, bytes })
        })
        .await
    }
}

/// What was read of a stream.
struct Read {
    /// Where its file begins.
    begin: u64,
    /// Where this stands.
    at: u64,
    bytes: Vec<u8>,
}

/// Where the stream ends as far as it counts, and the position.
fn end(path: &Path) -> io::Result<(u64, u64)> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((0, 0)),
        Err(error) => return Err(error),
    };
    let head = Head::of(&file)?;
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
            return Ok((head.in_stream(from + (skip + end) as u64), position));
        }
        if from == 0 {
            return Ok((head.from, 0));
        }
        // No mark in sight: look further back, the line that was cut included.
        to = from + skip as u64;
        window = WINDOW;
    }
}

fn write(path: &Path, start: u64, batch: &[u8]) -> io::Result<u64> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    let mut file = match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            path.parent().map_or(Ok(()), file::private_directory)?;
            options.open(path)?
        }
        other => other?,
    };
    let place = Head::of(&file)?.in_file(start);
    file.set_len(place)?;
    io::Seek::seek(&mut file, io::SeekFrom::Start(place))?;
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
