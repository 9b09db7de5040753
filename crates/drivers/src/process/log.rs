//! Reading the log of a run: one line each, as `<milliseconds since 1970> <text>\n`, by byte offset.

use std::{
    fs::File,
    io::{self, Read, Seek, SeekFrom},
    path::Path,
};

use trainyard_domain::{
    Timestamp,
    job::{LogLine, LogPage},
};

/// A printed line that is longer is cut into several.
pub(crate) const LINE_BYTES: usize = 256 << 10;
/// How much of the file one page holds; always room for the longest line.
const PAGE_BYTES: u64 = 1 << 20;
/// How many lines one page holds.
const PAGE_LINES: usize = 5000;

/// The lines after the first `from` bytes of the file. None if there is no file yet.
pub(crate) fn page(path: &Path, from: u64) -> io::Result<LogPage> {
    let mut file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Ok(LogPage { lines: Vec::new(), next: from });
        }
        file => file?,
    };
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(from))?;
    file.take(PAGE_BYTES).read_to_end(&mut bytes)?;
    let mut page = LogPage { lines: Vec::new(), next: from };
    for line in bytes.split_inclusive(|byte| *byte == b'\n').take(PAGE_LINES) {
        let Some(line) = line.strip_suffix(b"\n") else { break };
        page.next += line.len() as u64 + 1;
        // What is no line of ours is left out: an offset that was made up, a record torn by a full disk.
        page.lines.extend(parse(line));
    }
    Ok(page)
}

fn parse(line: &[u8]) -> Option<LogLine> {
    let space = line.iter().position(|byte| *byte == b' ')?;
    let time = std::str::from_utf8(&line[..space]).ok()?.parse().ok()?;
    Some(LogLine { time: Timestamp(time), text: String::from_utf8_lossy(&line[space + 1..]).into_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_hold_whole_lines() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("log");
        assert_eq!(page(&path, 0).unwrap(), LogPage::default());
        std::fs::write(&path, b"17 one\n18 \n19 t\xffwo  \nrubbish\n20 half").unwrap();
        let first = page(&path, 0).unwrap();
        let texts: Vec<&str> = first.lines.iter().map(|line| line.text.as_str()).collect();
        assert_eq!(texts, ["one", "", "t\u{fffd}wo  "]);
        assert_eq!(first.lines[2].time, Timestamp(19));
        assert_eq!(page(&path, first.next).unwrap(), LogPage { lines: vec![], next: first.next });
        std::fs::write(&path, b"17 one\n18 \n19 t\xffwo  \nrubbish\n20 half and whole\n").unwrap();
        assert_eq!(page(&path, first.next).unwrap().lines[0].text, "half and whole");
        assert_eq!(page(&path, 9999).unwrap(), LogPage { lines: vec![], next: 9999 });
    }
}
