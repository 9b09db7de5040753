//! SQLite's log, as far as commits were acknowledged.
//!
//! SQLite takes the first frame whose sum is wrong for the end of its log: of one flipped bit in it, acknowledged
//! commits would vanish without a word. So we note beside it how far the log went when a commit was acknowledged, and
//! before SQLite reads it again, it must be whole that far. A single flipped bit is found by trying and put right.
//! The note is not synced: after a power cut it may be older than the log, and then says less, never anything wrong.
//! <https://sqlite.org/walformat.html>

use std::{
    fs::{self, File, OpenOptions},
    io,
    os::unix::fs::FileExt,
    path::{Path, PathBuf},
};

use crate::{place::Place, sum};

const HEADER: usize = 32;
const FRAME_HEADER: usize = 24;
/// The second half of a frame's header: salts and sum.
const SALTS: std::ops::Range<usize> = 8..16;
const SUM: std::ops::Range<usize> = 16..24;
/// The last bit of a log's magic number says in which byte order it counts.
const MAGIC: u32 = 0x377f_0682;

/// How far the log went: frames, and its salts as they stand in its header. A log that begins anew has others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Extent {
    pub(crate) frames: u32,
    pub(crate) salts: [u8; 8],
}

/// The note beside the log.
pub(crate) struct Mark {
    index: PathBuf,
    mark: File,
    open: Option<File>,
}

impl Mark {
    /// None where nothing needs to survive.
    pub(crate) fn open(place: &Place) -> io::Result<Option<Self>> {
        if !place.durable() {
            return Ok(None);
        }
        let mark = OpenOptions::new().create(true).truncate(false).write(true).open(beside(place, "mark"))?;
        Ok(Some(Self { index: beside(place, "db-shm"), mark, open: None }))
    }

    /// Notes that everything in the log until now was acknowledged, and says how far that is. What cannot be noted is only
    /// not checked later.
    pub(crate) fn note(&mut self) -> Option<Extent> {
        let noted = self.try_note();
        noted.inspect_err(|error| tracing::debug!(%error, "how far the log goes is not noted")).ok()
    }

    /// The index that was looked at may be another file when SQLite is opened again.
    pub(crate) fn close(&mut self) {
        self.open = None;
    }

    fn try_note(&mut self) -> io::Result<Extent> {
        let index = match &mut self.open {
            Some(index) => index,
            empty => empty.insert(File::open(&self.index)?),
        };
        // Of the index of the log: how many frames it has, and its salts.
        let mut head = [0; 40];
        index.read_exact_at(&mut head, 0)?;
        let mut note = [0; 16];
        note[..4].copy_from_slice(&head[16..20]);
        note[4..12].copy_from_slice(&head[32..40]);
        let sum = sum::of(&[&note[..12]]).to_le_bytes();
        note[12..].copy_from_slice(&sum);
        if let Err(error) = self.mark.write_all_at(&note, 0) {
            tracing::debug!(%error, "how far the log goes is not noted");
        }
        let (mut extent, frames) = (Extent::default(), [head[16], head[17], head[18], head[19]]);
        extent.frames = u32::from_ne_bytes(frames);
        extent.salts.copy_from_slice(&head[32..40]);
        Ok(extent)
    }
}

/// What came of looking at the log.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// It is whole as far as it was acknowledged.
    Whole,
    /// These single bits were others; they are put right.
    Mended(usize),
    /// From this frame on it cannot be read; a copy of it is kept.
    Torn { frame: usize, of: usize, kept: PathBuf },
}

/// Looks at the log before SQLite does.
pub(crate) fn mend(place: &Place) -> io::Result<Found> {
    let log = beside(place, "db-wal");
    let (Some(noted), Ok(mut bytes)) = (noted(place), fs::read(&log)) else { return Ok(Found::Whole) };
    if bytes.len() < HEADER || noted.frames == 0 {
        return Ok(Found::Whole);
    }
    let checked = check(&mut bytes, noted);
    match checked {
        Checked { torn: None, flips } if flips.is_empty() => Ok(Found::Whole),
        Checked { torn: None, flips } => {
            let file = OpenOptions::new().write(true).open(&log)?;
            for at in &flips {
                file.write_all_at(&bytes[*at..=*at], *at as u64)?;
            }
            file.sync_all()?;
            Ok(Found::Mended(flips.len()))
        }
        Checked { torn: Some(frame), .. } => {
            let kept = spare(&beside(place, "db-wal.damaged"));
            fs::copy(&log, &kept)?;
            Ok(Found::Torn { frame, of: noted.frames as usize, kept })
        }
    }
}

struct Checked {
    /// At which bytes a bit was put right.
    flips: Vec<usize>,
    torn: Option<usize>,
}

fn check(bytes: &mut [u8], noted: Extent) -> Checked {
    let mut checked = Checked { flips: Vec::new(), torn: None };
    if !header_is_whole(&bytes[..HEADER]) {
        let ours = |header: &[u8]| header_is_whole(header) && header[16..24] == noted.salts;
        match mend_part(&mut bytes[..HEADER], ours) {
            Some(flips) => checked.flips.extend(flips),
            None => checked.torn = Some(0),
        }
    }
    let size = FRAME_HEADER + number(bytes, 8) as usize;
    if checked.torn.is_some() || bytes[16..24] != noted.salts {
        // It was begun anew since: what was noted is in the tables.
        return checked;
    }
    let big = number(bytes, 0) & 1 == 1;
    let mut before = [number(bytes, 24), number(bytes, 28)];
    for frame in 1..=noted.frames as usize {
        let at = HEADER + (frame - 1) * size;
        let Some(part) = bytes.get_mut(at..at + size) else {
            checked.torn = Some(frame);
            return checked;
        };
        if differing_bits(&part[SALTS], &noted.salts) > 1 {
            // The log was being begun anew when the power went.
            return checked;
        }
        let whole = |part: &[u8]| part[SALTS] == noted.salts && frame_sum(part, before, big) == stored(part);
        match mend_part(part, whole) {
            Some(flip) => checked.flips.extend(flip.map(|byte| at + byte)),
            None => {
                checked.torn = Some(frame);
                return checked;
            }
        }
        before = stored(part);
    }
    checked
}

/// Finds the one bit that must be another for the part to be whole, and leaves it so. `None`: there is none, or more
/// than one would do: SQLite's sum does not tell the top bits of its words apart, nor all bits of the last from its own.
fn mend_part(part: &mut [u8], whole: impl Fn(&[u8]) -> bool) -> Option<Option<usize>> {
    if whole(part) {
        return Some(None);
    }
    let mut candidates = Vec::new();
    for bit in 0..part.len() * 8 {
        part[bit / 8] ^= 1 << (bit % 8);
        if whole(part) {
            candidates.push(bit);
        }
        part[bit / 8] ^= 1 << (bit % 8);
    }
    let [bit] = candidates[..] else { return None };
    part[bit / 8] ^= 1 << (bit % 8);
    Some(Some(bit / 8))
}

fn header_is_whole(header: &[u8]) -> bool {
    let magic = number(header, 0);
    let stated = [number(header, 24), number(header, 28)];
    magic & !1 == MAGIC && log_sum(&header[..24], [0, 0], magic & 1 == 1) == stated
}

fn frame_sum(frame: &[u8], before: [u32; 2], big: bool) -> [u32; 2] {
    log_sum(&frame[FRAME_HEADER..], log_sum(&frame[..8], before, big), big)
}

fn stored(frame: &[u8]) -> [u32; 2] {
    [number(&frame[SUM], 0), number(&frame[SUM], 4)]
}

/// SQLite's own sum, over pairs of words.
fn log_sum(bytes: &[u8], [mut one, mut two]: [u32; 2], big: bool) -> [u32; 2] {
    let word = |bytes: [u8; 4]| if big { u32::from_be_bytes(bytes) } else { u32::from_le_bytes(bytes) };
    for [a, b, c, d, e, f, g, h] in bytes.as_chunks::<8>().0 {
        one = one.wrapping_add(word([*a, *b, *c, *d])).wrapping_add(two);
        two = two.wrapping_add(word([*e, *f, *g, *h])).wrapping_add(one);
    }
    [one, two]
}

fn number(bytes: &[u8], at: usize) -> u32 {
    bytes.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_be_bytes)
}

fn differing_bits(one: &[u8], other: &[u8]) -> u32 {
    one.iter().zip(other).map(|(one, other)| (one ^ other).count_ones()).sum()
}

fn noted(place: &Place) -> Option<Extent> {
    let note: [u8; 16] = fs::read(beside(place, "mark")).ok()?.try_into().ok()?;
    if sum::of(&[&note[..12]]).to_le_bytes() != note[12..] {
        return None;
    }
    // The index is in the machine's own byte order.
    let frames = u32::from_ne_bytes(note[..4].try_into().ok()?);
    Some(Extent { frames, salts: note[4..12].try_into().ok()? })
}

/// The name, or with a number after it the next that is free: the copy of an earlier log may still be wanted.
fn spare(path: &Path) -> PathBuf {
    let numbered = (2..).map(|number: u32| path.with_added_extension(number.to_string()));
    std::iter::once(path.to_owned()).chain(numbered).find(|path| !path.exists()).unwrap_or_default()
}

fn beside(place: &Place, extension: &str) -> PathBuf {
    place.file().with_extension(extension)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A log with two commits, and how far it goes.
    fn log() -> (tempfile::TempDir, Vec<u8>, Extent) {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("t.db");
        let connection = rusqlite::Connection::open(&file).unwrap();
        connection
            .execute_batch(
                "pragma journal_mode = wal; create table t (x); insert into t values (zeroblob(9000))",
            )
            .unwrap();
        let bytes = fs::read(file.with_extension("db-wal")).unwrap();
        let frames = u32::try_from((bytes.len() - HEADER) / (FRAME_HEADER + 4096)).unwrap();
        let extent = Extent { frames, salts: bytes[16..24].try_into().unwrap() };
        // The log goes with the connection: its copy stays.
        drop(connection);
        (directory, bytes, extent)
    }

    #[test]
    fn a_whole_log_is_whole() {
        let (_directory, mut bytes, extent) = log();
        assert!(extent.frames > 2);
        let checked = check(&mut bytes, extent);
        assert_eq!((checked.flips.len(), checked.torn), (0, None));
    }

    #[test]
    fn a_flipped_bit_is_put_right_or_told() {
        let (_directory, bytes, extent) = log();
        let (mut tried, mut told) = (0, 0);
        for bit in (0..bytes.len() * 8).step_by(19_973).chain(0..HEADER * 8) {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let checked = check(&mut flipped, extent);
            tried += 1;
            if checked.torn.is_some() {
                told += 1;
                continue;
            }
            assert_eq!(checked.flips, [bit / 8], "bit {bit}");
            assert_eq!(flipped, bytes, "bit {bit}");
        }
        assert!(told * 10 < tried, "{told} of {tried} could not be put right");
    }

    #[test]
    fn more_than_a_bit_is_told() {
        let (_directory, mut bytes, extent) = log();
        let at = HEADER + FRAME_HEADER + 4096 + 500;
        bytes[at] ^= 3;
        assert_eq!(check(&mut bytes, extent).torn, Some(2));
        let short = bytes.len() - 1;
        let (_directory, mut bytes, extent) = log();
        assert_eq!(check(&mut bytes[..short], extent).torn, Some(extent.frames as usize));
    }

    #[test]
    fn the_copy_of_a_torn_log_replaces_no_other() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("store.db-wal.damaged");
        for name in ["store.db-wal.damaged", "store.db-wal.damaged.2", "store.db-wal.damaged.3"] {
            let spare = spare(&path);
            assert_eq!(spare.file_name().unwrap(), name);
            fs::write(spare, "").unwrap();
        }
    }

    #[test]
    fn a_log_that_was_begun_anew_is_none_of_ours() {
        let (_directory, mut bytes, extent) = log();
        let other = Extent { salts: [7; 8], ..extent };
        bytes[HEADER + 100] ^= 3;
        let checked = check(&mut bytes, other);
        assert_eq!((checked.flips.len(), checked.torn), (0, None));
    }
}
