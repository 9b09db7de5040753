//! Where in its stream a file begins.
//!
//! What is older than its group's retention is cut off the front of the file. Where events stand is in the tokens of
//! whoever reads, and in nobody's hand to change: so the file then begins with a line `@<where its next line stands>`.

use std::{fs::File, io, os::unix::fs::FileExt};

/// The longest first line of that kind: `@`, a number, an end of line.
const LONGEST: usize = 22;

/// Where in its stream a file begins. One that nothing has been cut off begins at 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Head {
    /// Where in the stream the first line of events stands.
    pub(super) from: u64,
    /// And where in the file.
    bytes: u64,
}

impl Head {
    /// What the file itself says.
    pub(super) fn of(file: &File) -> io::Result<Self> {
        let mut start = [0; LONGEST];
        let mut length = 0;
        while length < LONGEST {
            match file.read_at(&mut start[length..], length as u64)? {
                0 => break,
                more => length += more,
            }
        }
        Ok(Self::read(&start[..length]).unwrap_or_default())
    }

    fn read(start: &[u8]) -> Option<Self> {
        let end = start.iter().position(|byte| *byte == b'\n')?;
        let from = std::str::from_utf8(start[..end].strip_prefix(b"@")?).ok()?.parse().ok()?;
        Some(Self { from, bytes: end as u64 + 1 })
    }

    /// The line that a file starts with whose first event stands there.
    pub(super) fn line(from: u64) -> String {
        format!("@{from}\n")
    }

    /// Where in the file stands what is at `at` in the stream.
    pub(super) fn in_file(self, at: u64) -> u64 {
        at.saturating_sub(self.from) + self.bytes
    }

    /// Where in the stream stands what is at `at` in the file.
    pub(super) fn in_stream(self, at: u64) -> u64 {
        at.saturating_sub(self.bytes) + self.from
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_the_same_before_and_after() {
        let whole = Head::read(b"1000 1000 text\n").unwrap_or_default();
        assert_eq!((whole.in_file(70), whole.in_stream(70)), (70, 70));
        let cut = Head::read(Head::line(50).as_bytes()).unwrap();
        assert_eq!((cut.in_file(70), cut.in_stream(24)), (24, 70));
        assert_eq!(Head::read(Head::line(u64::MAX).as_bytes()).unwrap().from, u64::MAX);
        assert_eq!(Head::line(u64::MAX).len(), LONGEST);
    }
}
