//! `trainyard event`: patterns tried on events, judged without any, events told, and looked at.

mod input;
mod lint;
mod put;
mod replay;
mod rules;
mod shown;
mod tail;
mod test;

use clap::Subcommand;

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
