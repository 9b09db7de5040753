//! A stream's file. Pure, but for its directory.
//!
//! An event is a line, `<time> <ingested> <message>`, times in milliseconds, line ends and backslashes in the message
//! escaped. A batch of events ends with a mark, `=<position in the source>`. What follows the last mark was being
//! written when the power went: it does not count, and the next batch is written over it.
//! A file that old events were cut off starts with a line that says where its first one stands ([`Head`]).
//!
//! [`Head`]: super::head::Head

use std::{
    fs::{self, DirBuilder},
    io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
};

use sha2::{Digest, Sha256};
use trainyard_domain::{Timestamp, job::LogPage};

use super::StreamName;

/// The longest message that is kept whole: AWS's limit of an event, less what it counts for its own use.
pub(super) const MESSAGE_BYTES: usize = 256 * 1024 - 26;
/// How much of a file is looked at in one go: as much as an answer may hold, and the longest line fits.
pub(super) const WINDOW: u64 = 1 << 20;

/// One event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogEvent {
    /// When it was printed.
    pub time: Timestamp,
    /// When it came here.
    pub ingested: Timestamp,
    /// What was printed.
    pub message: String,
    /// Where it stands in the stream: unique there and growing.
    pub at: u64,
    /// Where the next one stands.
    pub next: u64,
}

/// Where the stream's events are. Names of users are not part of paths.
pub(super) fn path(folder: &Path, name: &StreamName) -> PathBuf {
    let text = format!("{}\n{}\n{}", name.scope, name.group, name.stream);
    let hash = trainyard_domain::content::Digest::from_sha256(&Sha256::digest(text.as_bytes()));
    folder.join(&hash.hex()[..2]).join(format!("{}.log", hash.hex()))
}

/// Makes the directory if need be, for the owner only.
pub(super) fn private_directory(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)?;
    fs::metadata(path).map(drop)
}

/// The batch as it is written.
pub(super) fn batch(page: &LogPage, now: Timestamp) -> String {
    use std::fmt::Write;
    let mut text = String::new();
    for line in &page.lines {
        let _ = write!(text, "{} {} ", line.time.millis(), now.millis());
        escape(&mut text, shortened(&line.text));
        text.push('\n');
    }
    let _ = writeln!(text, "={}", page.next);
    text
}

/// The whole events in `bytes`, which begin at `offset` in the file and at the start of a line.
pub(super) fn events(bytes: &[u8], offset: u64) -> Vec<LogEvent> {
    let mut at = offset;
    let mut found = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let next = at + line.len() as u64;
        if let Some((time, ingested, message)) = event(line) {
            found.push(LogEvent { time, ingested, message, at, next });
        }
        at = next;
    }
    found
}

/// The end of the last whole batch in `bytes` (an index into them) and the position that it reached.
pub(super) fn last_mark(bytes: &[u8]) -> Option<(usize, u64)> {
    let mut end = bytes.len();
    while let Some(newline) = bytes[..end].iter().rposition(|byte| *byte == b'\n') {
        let start = bytes[..newline].iter().rposition(|byte| *byte == b'\n').map_or(0, |before| before + 1);
        if let Some(position) = mark(&bytes[start..newline]) {
            return Some((newline + 1, position));
        }
        end = newline;
    }
    None
}

/// When the event was printed whose line this is; none for other lines.
pub(super) fn time(line: &[u8]) -> Option<Timestamp> {
    let end = line.iter().position(|byte| *byte == b' ')?;
    Some(Timestamp(std::str::from_utf8(&line[..end]).ok()?.parse().ok()?))
}

/// Whether a batch ends with the line.
pub(super) fn is_mark(line: &[u8]) -> bool {
    line.strip_suffix(b"\n").and_then(mark).is_some()
}

fn mark(line: &[u8]) -> Option<u64> {
    std::str::from_utf8(line.strip_prefix(b"=")?).ok()?.parse().ok()
}

fn event(line: &[u8]) -> Option<(Timestamp, Timestamp, String)> {
    let text = std::str::from_utf8(line.strip_suffix(b"\n")?).ok()?;
    let mut parts = text.splitn(3, ' ');
    let time = Timestamp(parts.next()?.parse().ok()?);
    let ingested = Timestamp(parts.next()?.parse().ok()?);
    Some((time, ingested, unescape(parts.next()?)))
}

fn escape(text: &mut String, message: &str) {
    for letter in message.chars() {
        match letter {
            '\n' => text.push_str("\\n"),
            '\\' => text.push_str("\\\\"),
            letter => text.push(letter),
        }
    }
}

fn unescape(text: &str) -> String {
    let mut letters = text.chars();
    let mut message = String::with_capacity(text.len());
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => match letters.next() {
                Some('n') => message.push('\n'),
                other => message.extend(other),
            },
            letter => message.push(letter),
        }
    }
    message
}

/// As much of a message as is kept.
pub(crate) fn shortened(text: &str) -> &str {
    let mut end = text.len().min(MESSAGE_BYTES);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}
