//! Taking old events out of a stream's file.
//!
//! What stands before the first event that is kept is cut off; old ones behind it, of a source that does not tell its
//! lines in the order of their times, are blanked where they are. All else stays where it stood, and so does the
//! position in the source: the last mark is never cut off. The new file takes the place of the old one in one step, when
//! it is on the disk: whenever the power goes, it is one or the other.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufRead, BufReader, BufWriter, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use trainyard_domain::Timestamp;

use super::{file, head::Head};

/// Where the new file is written.
pub(super) fn fresh(path: &Path) -> PathBuf {
    path.with_extension("trim")
}

/// Takes out what is older than `oldest` of a stream that is as long as `length`. Who calls sees to it that nobody writes.
pub(super) fn trim(path: &Path, length: u64, oldest: Timestamp) -> io::Result<bool> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    let head = Head::of(&file)?;
    let end = head.in_file(length);
    let Some(start) = first_kept(&mut file, (head.in_file(head.from), end), oldest)? else {
        return Ok(false);
    };
    let fresh = fresh(path);
    let mut options = OpenOptions::new();
    let to = options.write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    let mut to = BufWriter::new(to);
    to.write_all(Head::line(head.in_stream(start)).as_bytes())?;
    each_line(&mut file, (start, end), |_, line| {
        if is_old(line, oldest) {
            line[..].fill(b' ');
            line.last_mut().into_iter().for_each(|last| *last = b'\n');
        }
        to.write_all(line)
    })?;
    to.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(&fresh, path)?;
    path.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())?;
    Ok(true)
}

/// Where in the file the first line is that must stay; none if nothing is old.
fn first_kept(file: &mut File, within: (u64, u64), oldest: Timestamp) -> io::Result<Option<u64>> {
    let (mut event, mut mark, mut any_old) = (None, None, false);
    each_line(file, within, |at, line| {
        if is_old(line, oldest) {
            any_old = true;
        } else if file::time(line).is_some() {
            event = event.or(Some(at));
        } else if file::is_mark(line) {
            mark = Some(at);
        }
        Ok(())
    })?;
    let first = event.into_iter().chain(mark).min();
    Ok(first.filter(|_| any_old))
}

fn is_old(line: &[u8], oldest: Timestamp) -> bool {
    file::time(line).is_some_and(|time| time < oldest)
}

/// Looks at each line between two places of the file.
fn each_line(
    file: &mut File,
    (from, to): (u64, u64),
    mut look: impl FnMut(u64, &mut [u8]) -> io::Result<()>,
) -> io::Result<()> {
    file.seek(SeekFrom::Start(from))?;
    let mut lines = BufReader::with_capacity(1 << 18, file.take(to.saturating_sub(from)));
    let (mut at, mut line) = (from, Vec::new());
    while lines.read_until(b'\n', &mut line)? > 0 {
        look(at, &mut line)?;
        at += line.len() as u64;
        line.clear();
    }
    Ok(())
}
