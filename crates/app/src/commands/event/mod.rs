//! `trainyard event`: patterns tried on events, judged without any, events told, and looked at.

mod lint;
mod put;
mod replay;
mod rules;
mod tail;
mod test;

use std::{io::Read, path::Path};

use clap::Subcommand;

use crate::failure::Failure;

/// A file has at most so many bytes: it is in memory as a whole.
const MOST_BYTES: usize = 64 << 20;

/// What is done.
#[derive(Subcommand)]
pub(super) enum EventCommand {
    /// Say which events of files, or which of the last events of a bus, a pattern matches
    Test(test::TestArgs),
    /// Say whether a pattern can match any event that is known, and what it matches beyond what is meant
    Lint(lint::LintArgs),
    /// Tell the events of a file: entries as `aws events put-events --entries` takes them
    Put(put::PutArgs),
    /// Have some of the last events of a bus told again
    Replay(replay::ReplayArgs),
    /// Show what came of each rule's events
    Rules(rules::RulesArgs),
    /// Show the events of a bus as they come
    Tail(tail::TailArgs),
}

/// Does it.
pub(super) async fn run(command: EventCommand) -> Result<(), Failure> {
    match command {
        EventCommand::Test(args) => test::run(args).await,
        EventCommand::Lint(args) => lint::run(&args),
        EventCommand::Put(args) => put::run(args).await,
        EventCommand::Replay(args) => replay::run(args).await,
        EventCommand::Rules(args) => rules::run(args).await,
        EventCommand::Tail(args) => tail::run(args).await,
    }
}

/// The text of a file, or of the standard input for `-`.
fn text_of(path: &Path) -> Result<String, Failure> {
    read(path, MOST_BYTES)
}

/// A text with more bytes is refused, and never cut.
fn read(path: &Path, most: usize) -> Result<String, Failure> {
    let named = |error: std::io::Error| Failure::usage(format!("{}: {error}", path.display()));
    let input: Box<dyn Read> = match path == Path::new("-") {
        true => Box::new(std::io::stdin()),
        false => Box::new(std::fs::File::open(path).map_err(named)?),
    };
    let mut text = String::new();
    input.take(most as u64 + 1).read_to_string(&mut text).map_err(named)?;
    if text.len() > most {
        let why = format!("{}: longer than {most} bytes: split it into several files", path.display());
        return Err(Failure::usage(why));
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_refused_and_not_cut() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "12345").unwrap();
        assert_eq!(read(file.path(), 5).unwrap(), "12345");
        let refused = read(file.path(), 4).unwrap_err().to_string();
        assert!(refused.contains("longer than 4 bytes"), "{refused}");
    }
}
