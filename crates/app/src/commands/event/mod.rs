//! `trainyard event`: patterns tried on events, judged without any, events told, and looked at.

mod lint;
mod put;
mod replay;
mod tail;
mod test;

use std::{io::Read, path::Path};

use clap::Subcommand;
use trainyard_lang::source::MAX_BYTES;

use crate::failure::Failure;

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
        EventCommand::Tail(args) => tail::run(args).await,
    }
}

/// The text of a file, or of the standard input for `-`.
fn text_of(path: &Path) -> Result<String, Failure> {
    let named = |error: std::io::Error| Failure::usage(format!("{}: {error}", path.display()));
    let mut text = String::new();
    let read = if path == Path::new("-") {
        std::io::stdin().take(MAX_BYTES as u64).read_to_string(&mut text)
    } else {
        let file = std::fs::File::open(path).map_err(named)?;
        file.take(MAX_BYTES as u64).read_to_string(&mut text)
    };
    read.map_err(named)?;
    Ok(text)
}
