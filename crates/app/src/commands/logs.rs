//! `trainyard logs`: what a job, build or endpoint printed, or what an execution went through with the lines of its jobs.

use std::{collections::BTreeMap, time::Duration};

use clap::Args;

use crate::{
    client::Client,
    connect::ConnectArgs,
    failure::Failure,
    printer,
    remote::{
        Answered, executions, jobs,
        logs::Tail,
        subject::{self, Subject},
    },
};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(300);

/// Flags of `trainyard logs`.
#[derive(Args)]
pub(crate) struct LogsArgs {
    /// An execution, build, job or endpoint; a state machine's or build project's name means its latest
    name: String,
    /// Go on with what comes, until it ends
    #[arg(short, long)]
    follow: bool,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Prints the log.
pub(crate) async fn run(args: LogsArgs) -> Result<(), Failure> {
    let client = args.connect.client()?;
    let mut subject = subject::find(&client, &args.name).await?;
    let mut source = Source::of(&subject);
    let mut any = false;
    loop {
        // First how it stands, then the lines: what it printed last is not missed.
        let over = subject.is_over() && !matches!(subject, Subject::Endpoint(_));
        let lines = source.read(&client).await?;
        any |= !lines.is_empty();
        lines.iter().for_each(printer::result);
        if over || !args.follow {
            break;
        }
        tokio::time::sleep(PAUSE).await;
        subject.again(&client).await?;
    }
    let (name, status) = (subject.name(), subject.status());
    if !any {
        printer::talk(format_args!("{name} ({status}) has printed nothing"));
    } else if subject.is_over() && !subject.is_good() {
        let reason = subject.reason().map_or_else(String::new, |reason| format!(": {reason}"));
        printer::talk(format_args!("{name} is {status}{reason}"));
    } else if !subject.is_over() {
        printer::talk(format_args!("next: trainyard logs -f {name}"));
    }
    Ok(())
}

/// Where the lines come from.
enum Source {
    /// One log.
    Log(Tail),
    /// An execution: its events, and the logs of its jobs.
    Execution { arn: String, seen: usize, jobs: BTreeMap<String, (String, Tail)> },
}

impl Source {
    fn of(subject: &Subject) -> Self {
        match subject {
            Subject::Job(job) => Self::Log(Tail::of(job.log())),
            Subject::Build(build) => Self::Log(Tail::of(build.log())),
            Subject::Endpoint(endpoint) => Self::Log(Tail::of(endpoint.log())),
            Subject::Execution(execution) => {
                Self::Execution { arn: execution.execution_arn.clone(), seen: 0, jobs: BTreeMap::new() }
            }
        }
    }

    /// What has come since the last call, by its time.
    async fn read(&mut self, client: &Client) -> Answered<Vec<String>> {
        match self {
            Self::Log(tail) => tail.read(client).await,
            Self::Execution { arn, seen, jobs } => {
                let history = executions::history(client, arn).await?;
                for (state, kind, job) in history.jobs() {
                    let tail = || (state.to_owned(), Tail::of(jobs::log(kind, job)));
                    jobs.entry(job.to_owned()).or_insert_with(tail);
                }
                let mut lines: Vec<(f64, String)> = history.lines.iter().skip(*seen).cloned().collect();
                *seen = history.lines.len();
                for (state, tail) in jobs.values_mut() {
                    let printed = tail.read_timed(client).await?;
                    lines.extend(printed.into_iter().map(|(time, line)| (time, format!("{state} | {line}"))));
                }
                lines.sort_by(|a, b| a.0.total_cmp(&b.0));
                Ok(lines.iter().map(|(time, line)| format!("{} {line}", clock(*time))).collect())
            }
        }
    }
}

/// `12:34:56Z`.
fn clock(time: f64) -> String {
    let seconds = time as u64 % 86400;
    format!("{:02}:{:02}:{:02}Z", seconds / 3600, seconds / 60 % 60, seconds % 60)
}
