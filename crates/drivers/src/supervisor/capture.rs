//! What a run prints, line by line, into its log.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use trainyard_domain::Timestamp;

use crate::process::log::LINE_BYTES;

/// The log that is being written, and the line that has not come to its end.
pub(super) struct Capture {
    log: File,
    /// How long the log is; what stands behind it was torn by a full disk.
    size: u64,
    line: Vec<u8>,
    records: Vec<u8>,
    dropped: u64,
}

impl Capture {
    /// Begins the log.
    pub(super) fn begin(path: &Path) -> io::Result<Self> {
        let log = OpenOptions::new().append(true).create(true).mode(0o600).open(path)?;
        let size = log.metadata()?.len();
        Ok(Self { log, size, line: Vec::new(), records: Vec::new(), dropped: 0 })
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
        if self.dropped > 0 {
            let note =
                format!("{} (here {} lines are missing: the disk was full)\n", now.millis(), self.dropped);
            self.records.splice(0..0, note.into_bytes());
        }
        if self.log.write_all(&self.records).is_ok() {
            self.size += self.records.len() as u64;
            self.dropped = 0;
        } else {
            self.dropped += self.records.iter().filter(|byte| **byte == b'\n').count() as u64;
            let _ = self.log.set_len(self.size);
        }
        self.records.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::log::page;

    fn check(printed: &[&[u8]], expect: &[&str]) {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        let mut capture = Capture::begin(&path).unwrap();
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
}
