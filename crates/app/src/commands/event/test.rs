//! `trainyard event test`: which events of files, or which of the last events of a bus, a pattern matches.

use std::path::PathBuf;

use clap::{ArgGroup, Args};
use serde_json::Value;
use trainyard_lang::matcher;

use super::input::{events_of, name_of, pattern_of};
use crate::{
    connect::ConnectArgs,
    failure::{Exit, Failure},
    printer, remote,
};

/// Flags of `trainyard event test`.
#[derive(Args)]
#[command(
    group = ArgGroup::new("where").args(["events", "recent"]).required(true),
    after_help = "Exit codes: 0 an event matches, 1 none does, 65 the pattern is not valid"
)]
pub(in crate::commands) struct TestArgs {
    /// The file of the pattern; - is the standard input
    #[arg(short, long, value_name = "FILE")]
    pattern: PathBuf,
    /// Files of events: one event, a list of them, or one in each line; - is the standard input
    #[arg(value_name = "EVENTS")]
    events: Vec<PathBuf>,
    /// Try it on the last so many events of the bus
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    recent: Option<u32>,
    /// Which bus [default: default]
    #[arg(long, requires = "recent")]
    bus: Option<String>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Prints the events that match, one in each line.
pub(super) async fn run(args: TestArgs) -> Result<(), Failure> {
    let (_, pattern) = pattern_of(&args.pattern)?;
    let told = told(&args).await?;
    let (mut matched, all) = (0, told.len());
    for (place, event) in told {
        for misfit in trainyard_lang::events::misfits(&event) {
            printer::talk(format_args!("{place}: no known kind of event can be this: {misfit}"));
        }
        let event = event.to_string();
        let matches =
            matcher::matches(&pattern, &event).map_err(|e| Failure::usage(format!("{place}: {e}")))?;
        if matches {
            matched += 1;
            printer::result(event);
        }
    }
    printer::talk(format_args!("{matched} of {all} events match"));
    if matched > 0 { Ok(()) } else { Err(Failure::said(Exit::Failed)) }
}

/// The events that it is tried on, each with where it stands.
async fn told(args: &TestArgs) -> Result<Vec<(String, Value)>, Failure> {
    let mut told = Vec::new();
    if let Some(count) = args.recent {
        let found =
            remote::events::recent(&args.connect.client()?, args.bus.as_deref(), count as usize).await?;
        told.extend(found.into_iter().map(|event| ("the bus".to_owned(), event)));
    }
    for path in &args.events {
        let place = |(at, event)| (format!("{}: event {}", name_of(path), at + 1), event);
        told.extend(events_of(path)?.into_iter().enumerate().map(place));
    }
    Ok(told)
}
