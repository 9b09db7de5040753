//! `trainyard redrive`: an execution that failed, timed out or was stopped goes on from where it stood.

use std::time::Duration;

use clap::Args;

use super::wait;
use crate::{
    client::Client,
    connect::ConnectArgs,
    failure::Failure,
    printer,
    remote::{
        executions,
        looks::{self, Standing},
        subject::{self, Subject},
    },
};

/// Flags of `trainyard redrive`.
#[derive(Args)]
#[command(after_help = "With --follow the exit codes are those of trainyard wait")]
pub(crate) struct RedriveArgs {
    /// An execution; a state machine's name means its latest
    name: String,
    /// Wait until it has ended
    #[arg(short, long)]
    follow: bool,
    /// Give up waiting after this long: 90s, 10m, 2h
    #[arg(long, value_name = "TIME", value_parser = wait::span, requires = "follow")]
    timeout: Option<Duration>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Has it go on, and says from where.
pub(crate) async fn run(args: RedriveArgs) -> Result<(), Failure> {
    let client = args.connect.client()?;
    let execution = super::executions::find(&client, &args.name).await?;
    let arn = execution.execution_arn.clone();
    let from = from(&client, &arn).await;
    executions::redrive(&client, &arn).await.map_err(|error| {
        let refused = error.code() == Some("ExecutionNotRedrivable");
        let failure = Failure::from(error);
        if refused { failure.hint(format!("trainyard executions show {}", execution.name)) } else { failure }
    })?;
    for place in from {
        printer::talk(format_args!("goes on from {place}"));
    }
    let mut subject = subject::find(&client, &arn).await?;
    if args.follow {
        return wait::until_over(&client, &mut subject, args.timeout).await;
    }
    printer::result(format_args!("{} {}", subject.name(), subject.status()));
    if let Subject::Execution(_) = subject {
        printer::talk(format_args!("next: trainyard logs -f {}", subject.name()));
    }
    Ok(())
}

/// Where it stands before it goes on: of no use for going on, so that no trouble with it counts.
async fn from(client: &Client, arn: &str) -> Vec<String> {
    let picture = looks::picture(client, arn, None).await;
    let standings = picture.map(|picture| picture.standings).unwrap_or_default();
    standings.iter().filter(|standing| !standing.has_others_inside()).map(Standing::place).collect()
}
