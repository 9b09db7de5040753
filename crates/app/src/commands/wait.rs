//! `trainyard wait`: until an execution, a build, a job or an endpoint has come to its end, and how it ended.

use std::time::{Duration, Instant};

use clap::Args;

use crate::{
    client::Client,
    connect::ConnectArgs,
    failure::{Exit, Failure},
    printer,
    remote::{
        approvals,
        subject::{self, Subject},
    },
    screen::Step,
};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(300);
/// The error by which a definition says that a metric did not pass its gate.
pub(crate) const GATE_ERROR: &str = "MetricGateFailed";

/// Flags of `trainyard wait`.
#[derive(Args)]
#[command(after_help = "Exit codes: 0 ended well, 1 failed, 3 a metric gate (error MetricGateFailed), \
    4 an approval was rejected or expired, 5 timed out")]
pub(crate) struct WaitArgs {
    /// An execution, build, job or endpoint; a state machine's or build project's name means its latest
    name: String,
    /// Give up after this long: 90s, 10m, 2h
    #[arg(long, value_name = "TIME", value_parser = span)]
    timeout: Option<Duration>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Waits and says how it ended.
pub(crate) async fn run(args: WaitArgs) -> Result<(), Failure> {
    let client = args.connect.client()?;
    let mut subject = subject::find(&client, &args.name).await?;
    until_over(&client, &mut subject, args.timeout).await
}

/// Waits until it is over and says how it ended, by the exit code too.
pub(super) async fn until_over(
    client: &Client,
    subject: &mut Subject,
    timeout: Option<Duration>,
) -> Result<(), Failure> {
    settle(client, subject, timeout).await?;
    printer::result(format_args!("{} {}", subject.name(), subject.status()));
    if subject.is_good() { Ok(()) } else { Err(failure(client, subject).await?) }
}

async fn settle(client: &Client, subject: &mut Subject, limit: Option<Duration>) -> Result<(), Failure> {
    let began = Instant::now();
    let step = Step::begin(subject.name());
    while !subject.is_over() {
        if let Some(limit) = limit.filter(|limit| began.elapsed() >= *limit) {
            step.left(subject.status());
            let (name, seconds) = (subject.name(), limit.as_secs());
            return Err(Failure::new(Exit::TimedOut, format!("{name} has not ended within {seconds} s"))
                .hint(format!("trainyard logs -f {name}")));
        }
        let question = question(client, subject).await?;
        step.at(question.as_deref().unwrap_or(subject.status()));
        tokio::time::sleep(PAUSE).await;
        subject.again(client).await?;
    }
    let status = subject.status().to_owned();
    if subject.is_good() {
        step.done(status)
    } else {
        step.failed(status)
    }
    Ok(())
}

/// What an execution waits with: a person may not know that it is their turn.
async fn question(client: &Client, subject: &Subject) -> Result<Option<String>, Failure> {
    let Subject::Execution(execution) = subject else { return Ok(None) };
    let asked = approvals::of_execution(client, &execution.execution_arn).await?;
    let open = asked.into_iter().find(|approval| approval.status == "Pending");
    Ok(open.map(|approval| format!("waits for: trainyard approve {}", approval.id)))
}

async fn failure(client: &Client, subject: &Subject) -> Result<Failure, Failure> {
    let exit = match subject {
        Subject::Execution(execution) if execution.error.as_deref() == Some(GATE_ERROR) => Exit::Gate,
        Subject::Execution(execution) => {
            let asked = approvals::of_execution(client, &execution.execution_arn).await?;
            let refused = |status: &str| matches!(status, "Rejected" | "Expired");
            let latest = asked.first().is_some_and(|approval| refused(&approval.status));
            if latest { Exit::Rejected } else { Exit::Failed }
        }
        _ => Exit::Failed,
    };
    let reason = subject.reason().unwrap_or_else(|| "no reason was given".to_owned());
    let name = subject.name();
    Ok(Failure::new(exit, format!("{name} is {}: {reason}", subject.status()))
        .hint(format!("trainyard logs {name}")))
}

/// `90s`, `10m`, `2h`, or seconds.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let (number, unit) = match text.find(|c: char| !c.is_ascii_digit()) {
        Some(at) => text.split_at(at),
        None => (text, "s"),
    };
    let factor = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        _ => return Err(format!("`{text}` is no time such as 90s, 10m or 2h")),
    };
    let seconds = number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    seconds.map(Duration::from_secs).ok_or_else(|| format!("`{text}` is no time such as 90s, 10m or 2h"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans() {
        let check =
            |text: &str, expect: Option<u64>| assert_eq!(span(text).ok().map(|d| d.as_secs()), expect);
        check("90", Some(90));
        check("90s", Some(90));
        check("10m", Some(600));
        check("2h", Some(7200));
        check("", None);
        check("h", None);
        check("1d", None);
        check("99999999999999999999h", None);
    }
}
