//! `trainyard event replay`: some of the last events of a bus are told again.

use std::path::PathBuf;

use clap::{ArgGroup, Args};

use super::{input::pattern_of, tail::since};
use crate::{
    connect::ConnectArgs,
    failure::Failure,
    printer,
    remote::events::{self, Wanted},
};

/// Flags of `trainyard event replay`.
#[derive(Args)]
#[command(
    group = ArgGroup::new("which").args(["ids", "since"]).required(true).multiple(true),
    after_help = "Rules see the events once more, with a replay-name; builds and executions that wait do not.\n\
    An archive keeps events longer: aws events create-archive, start-replay"
)]
pub(in crate::commands) struct ReplayArgs {
    /// Events, by their ids, as `trainyard event tail --json` shows them
    #[arg(value_name = "ID")]
    ids: Vec<String>,
    /// All that were told since then: a time such as 2026-01-01T00:00:00Z, or so long ago: 90s, 10m, 2h
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<f64>,
    /// A file with a pattern: only what matches it; - is the standard input
    #[arg(short, long, value_name = "FILE")]
    pattern: Option<PathBuf>,
    /// The bus [default: default]
    #[arg(long)]
    bus: Option<String>,
    /// What the replay is called: the same one does nothing twice [default: a name of its own]
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Has them told again, and prints the replay's name.
pub(super) async fn run(args: ReplayArgs) -> Result<(), Failure> {
    let pattern = args.pattern.as_deref().map(pattern_of).transpose()?.map(|(text, _)| text);
    let wanted = Wanted { bus: args.bus, pattern, since: args.since };
    let told = events::replay(&args.connect.client()?, &wanted, (&args.ids, args.name.as_deref())).await?;
    printer::result(&told.replay_name);
    printer::talk(format_args!("{} events are told again", told.event_count));
    Ok(())
}
