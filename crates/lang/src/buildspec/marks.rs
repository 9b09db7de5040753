//! What the script tells while it runs.

use super::PhaseName;

/// One line of the file that the script writes. Times are milliseconds since the Unix epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mark {
    /// A phase began.
    PhaseStarted {
        /// Which.
        phase: PhaseName,
        /// When.
        at: i64,
    },
    /// A command failed.
    CommandFailed {
        /// In which phase.
        phase: PhaseName,
        /// In which list of it.
        block: Block,
        /// Its place in the list, from 0.
        index: usize,
        /// Its exit status.
        status: i32,
        /// When.
        at: i64,
    },
    /// A phase ended.
    PhaseEnded {
        /// Which.
        phase: PhaseName,
        /// The exit status of the first command of it that failed, else 0.
        status: i32,
        /// When.
        at: i64,
    },
    /// The last value of an exported variable. A variable that is not set has no such line.
    Exported {
        /// Its name.
        name: String,
        /// Its value; bytes that are no UTF-8 are replaced.
        value: String,
    },
    /// The script is at its end. A build without this line was interrupted.
    Finished {
        /// Its exit status.
        status: i32,
        /// When.
        at: i64,
    },
}

/// A list of commands of a phase.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// `commands`.
    Commands,
    /// `finally`.
    Finally,
}

impl Block {
    /// As the buildspec writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Commands => "commands",
            Self::Finally => "finally",
        }
    }
}

/// The marks in the file's text so far. A last line that is not complete yet, or damage, is passed over.
pub fn read_marks(text: &str) -> Vec<Mark> {
    let complete = text.rfind('\n').map_or("", |end| &text[..end]);
    complete.lines().filter_map(read_mark).collect()
}

fn read_mark(line: &str) -> Option<Mark> {
    Some(match line.split(' ').collect::<Vec<_>>()[..] {
        ["phase", phase, "start", _, at] => {
            Mark::PhaseStarted { phase: PhaseName::of(phase)?, at: at.parse().ok()? }
        }
        ["phase", phase, "end", status, at] => Mark::PhaseEnded {
            phase: PhaseName::of(phase)?,
            status: status.parse().ok()?,
            at: at.parse().ok()?,
        },
        ["failed", phase, block, index, status, at] => Mark::CommandFailed {
            phase: PhaseName::of(phase)?,
            block: [Block::Commands, Block::Finally].into_iter().find(|b| b.as_str() == block)?,
            index: index.parse().ok()?,
            status: status.parse().ok()?,
            at: at.parse().ok()?,
        },
        ["exported", name, value, _] => {
            Mark::Exported { name: name.to_owned(), value: unhex(value.strip_suffix('.')?)? }
        }
        ["finished", status, at] => Mark::Finished { status: status.parse().ok()?, at: at.parse().ok()? },
        _ => return None,
    })
}

fn unhex(text: &str) -> Option<String> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let pairs = text.as_bytes().chunks(2).map(|pair| if pair.len() == 2 { byte(pair) } else { None });
    Some(String::from_utf8_lossy(&pairs.collect::<Option<Vec<u8>>>()?).into_owned())
}
