//! What a run prints, line by line, into its log.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use trainyard_domain::Timestamp;

use crate::process::log::LINE_BYTES;

const DAY_MILLIS: u128 = 24 * 3600 * 1000;
/// A log that was full goes on when there is room for this part of it.
const PART: u64 = 64;

/// The log that is being written, and the line that has not come to its end.
pub(super) struct Capture {
    log: File,
    allowance: Allowance,
    /// Whether more was printed than a log may hold.
    full: bool,
    /// How long the log is; what stands behind it was torn by a full disk.
    size: u64,
    line: Vec<u8>,
    records: Vec<u8>,
    dropped: u64,
}

impl Capture {
    /// Begins the log, which may hold so many bytes, and as many again each day.
    pub(super) fn begin(path: &Path, most: u64, now: Timestamp) -> io::Result<Self> {
        let log = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        let size = log.metadata()?.len();
        let allowance = Allowance { most, begun: now };
        Ok(Self { log, allowance, full: false, size, line: Vec::new(), records: Vec::new(), dropped: 0 })
    }

    /// Takes what was printed now. A full disk loses lines, never the run.
    pub(super) fn take(&mut self, printed: &[u8], now: Timestamp) {
        for piece in printed.split_inclusive(|byte| *byte == b'\n') {
            let (text, whole) = match piece.strip_suffix(b"\n") {
                Some(text) => (text, true),
                None => (piece, false),
            };
            let mut rest = text;
            while self.line.len() + rest.len() > LINE_BYTES {
                let (fits, more) = rest.split_at(LINE_BYTES - self.line.len());
                self.line.extend_from_slice(fits);
                self.record(now);
                rest = more;
            }
            self.line.extend_from_slice(rest);
            if whole {
                self.record(now);
            }
        }
        self.write(now);
    }

    /// Writes the last line, end or no end, and makes the log survive power loss.
    pub(super) fn finish(&mut self, now: Timestamp) -> io::Result<()> {
        if !self.line.is_empty() {
            self.record(now);
        }
        self.write(now);
        if self.dropped > 0 {
            let note = self.missing(now);
            self.append(&note);
        }
        self.log.sync_data()
    }

    fn record(&mut self, now: Timestamp) {
        let text = self.line.strip_suffix(b"\r").unwrap_or(&self.line);
        self.records.extend_from_slice(now.millis().to_string().as_bytes());
        self.records.push(b' ');
        self.records.extend_from_slice(text);
        self.records.push(b'\n');
        self.line.clear();
    }

    fn write(&mut self, now: Timestamp) {
        if self.records.is_empty() {
            return;
        }
        let mut records = std::mem::take(&mut self.records);
        let lines = records.iter().filter(|byte| **byte == b'\n').count() as u64;
        if self.is_full(records.len() as u64, now) {
            if !std::mem::replace(&mut self.full, true) {
                let mib = self.allowance.most >> 20;
                let note = format!("{} (the log is full: it may grow by {mib} MiB a day)\n", now.millis());
                self.append(note.as_bytes());
            }
            self.dropped += lines;
        } else {
            if self.dropped > 0 {
                records.splice(0..0, self.missing(now));
            }
            if self.append(&records) {
                (self.dropped, self.full) = (0, false);
            } else {
                self.dropped += lines;
            }
        }
        records.clear();
        self.records = records;
    }

    fn is_full(&self, more: u64, now: Timestamp) -> bool {
        let spare = if self.full { self.allowance.most / PART } else { 0 };
        self.size.saturating_add(more).saturating_add(spare) > self.allowance.by(now)
    }

    fn missing(&self, now: Timestamp) -> Vec<u8> {
        let why = if self.full { "the log was full" } else { "the disk was full" };
        format!("{} (here {} lines are missing: {why})\n", now.millis(), self.dropped).into_bytes()
    }

    /// Whether it could be written. If not, the log is as it was.
    fn append(&mut self, records: &[u8]) -> bool {
        let written = self.log.write_all(records).is_ok();
        if written {
            self.size += records.len() as u64;
        } else {
            let _ = self.log.set_len(self.size);
        }
        written
    }
}

/// How large a log may be: what prints without end must not fill the disk, and what runs for months must not fall
/// silent.
struct Allowance {
    most: u64,
    begun: Timestamp,
}

impl Allowance {
    fn by(&self, now: Timestamp) -> u64 {
        let age = u128::try_from(now.millis().saturating_sub(self.begun.millis())).unwrap_or(0);
        let grown = u128::from(self.most) * age / DAY_MILLIS;
        self.most.saturating_add(u64::try_from(grown).unwrap_or(u64::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::log::page;

    fn check(printed: &[&[u8]], expect: &[&str]) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let mut capture = Capture::begin(&path, u64::MAX, Timestamp(0)).unwrap();
        for piece in printed {
            capture.take(piece, Timestamp(1));
        }
        capture.finish(Timestamp(2)).unwrap();
        let page = page(&path, 0).unwrap();
        let texts: Vec<&str> = page.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, expect);
    }

    #[test]
    fn lines_are_told_apart() {
        check(&[], &[]);
        check(&[b"a\nb\r\n\nc"], &["a", "b", "", "c"]);
        check(&[b"a", b"b\nc", b"\n"], &["ab", "c"]);
        check(&[b"50%\r100%\r\n"], &["50%\r100%"]);
    }

    #[test]
    fn long_lines_are_cut() {
        let long = vec![b'x'; LINE_BYTES * 2 + 3];
        let full = "x".repeat(LINE_BYTES);
        check(&[&long, b"\n"], &[&full, &full, "xxx"]);
        check(&[&long[..LINE_BYTES], b"\ny"], &[&full, "y"]);
    }

    #[test]
    fn a_log_has_an_end_and_goes_on_later() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let mut capture = Capture::begin(&path, 64 << 10, Timestamp(0)).unwrap();
        for _ in 0..1000 {
            capture.take(&[b'y', b'\n'].repeat(1000), Timestamp(1));
        }
        let size = std::fs::metadata(&path).unwrap().len();
        assert!(size <= (64 << 10) + 100, "{size}");
        let half_a_day = Timestamp(12 * 3600 * 1000);
        capture.take(b"later\n", half_a_day);
        for _ in 0..1000 {
            capture.take(&[b'y', b'\n'].repeat(1000), half_a_day);
        }
        capture.finish(half_a_day).unwrap();
        let (mut texts, mut from) = (Vec::new(), 0);
        loop {
            let page = page(&path, from).unwrap();
            if page.next == from {
                break;
            }
            texts.extend(page.lines.into_iter().map(|line| line.text).filter(|text| text != "y"));
            from = page.next;
        }
        assert_eq!(texts[0], "(the log is full: it may grow by 0 MiB a day)");
        assert!(texts[1].ends_with("lines are missing: the log was full)"), "{texts:?}");
        assert_eq!(texts[2..4], ["later", "(the log is full: it may grow by 0 MiB a day)"]);
        assert!(texts[4].starts_with("(here ") && texts.len() == 5, "the last line tells: {texts:?}");
    }
}
