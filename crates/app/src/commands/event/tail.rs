//! `trainyard event tail`: the events of a bus as they come.

use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

use clap::Args;
use serde_json::Value;
use trainyard_domain::Timestamp;

use super::{input::pattern_of, shown::Shown};
use crate::{
    client::Client,
    commands::wait,
    connect::ConnectArgs,
    failure::{Exit, Failure},
    printer,
    remote::events::{self, Come, Id, Tail, Wanted},
    table::{cut, now},
};

/// So long a server may be away that is started anew.
const PATIENCE: Duration = Duration::from_secs(60);
/// Between two tries.
const PAUSE: Duration = Duration::from_millis(250);
/// So much of a detail is shown in a line.
const WIDTH: usize = 160;

/// Flags of `trainyard event tail`.
#[derive(Args)]
#[command(
    after_help = "It goes on until Ctrl-C, or as -n says. A server that is started anew is waited for, a \
    minute long, and nothing is left out that its bus remembers: the last 10,000 events.\n\
    Exit codes: 0 so many events as -n says have come, 65 the pattern is not valid, 69 the server does not come back"
)]
pub(in crate::commands) struct TailArgs {
    /// A file with a pattern: show only what matches it; - is the standard input
    #[arg(short, long, value_name = "FILE")]
    pattern: Option<PathBuf>,
    /// The bus [default: default]
    #[arg(long)]
    bus: Option<String>,
    /// Begin with what was told since then: a time such as 2026-01-01T00:00:00Z, or so long ago: 90s, 10m, 2h
    #[arg(long, value_name = "TIME", value_parser = since)]
    since: Option<f64>,
    /// Print each event whole, as JSON in one line
    #[arg(long)]
    json: bool,
    /// End after so many events
    #[arg(short = 'n', long, value_name = "COUNT")]
    count: Option<u64>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Prints what comes.
pub(super) async fn run(args: TailArgs) -> Result<(), Failure> {
    let client = args.connect.client()?;
    let pattern = args.pattern.as_deref().map(pattern_of).transpose()?.map(|(text, _)| text);
    let mut wanted = Wanted { bus: args.bus, pattern, since: args.since };
    let mut tail = events::tail(&client, &wanted, None).await?;
    printer::talk("looking on");
    let (mut shown, mut left) = (Shown::default(), args.count.unwrap_or(u64::MAX));
    while left > 0 {
        match tail.next().await {
            Ok(Come::Begun(id)) => {
                // After a server that is started anew nothing is shown that was told before this.
                wanted.since.get_or_insert(id.seconds());
            }
            Ok(Come::Event(id, event)) if shown.is_new(id, &event) => {
                printer::result(if args.json { event.to_string() } else { line(&event) });
                left -= 1;
            }
            Ok(Come::Event(..)) => {}
            Ok(Come::Missed(count)) => {
                printer::talk(format_args!("{count} events came too fast and are not shown"));
            }
            Err(_) => tail = again(&client, &wanted, shown.cut()).await?,
        }
    }
    Ok(())
}

/// Looks on again behind that event, when the server is there again.
async fn again(client: &Client, wanted: &Wanted, last: Option<Id>) -> Result<Tail, Failure> {
    let began = Instant::now();
    printer::talk("the server has gone away: waiting for it");
    loop {
        tokio::time::sleep(PAUSE).await;
        match events::tail(client, wanted, last).await.map_err(Failure::from) {
            Err(failure) if failure.exit == Exit::Unreachable && began.elapsed() < PATIENCE => {}
            other => return other,
        }
    }
}

/// Time, source, detail-type, the replay if one tells it, and one line of the detail.
fn line(event: &Value) -> String {
    let text = |name: &str| event[name].as_str().unwrap_or_default();
    let detail = cut(&event["detail"].to_string(), WIDTH);
    let replay = event["replay-name"].as_str().map_or(String::new(), |name| format!("(replay {name})  "));
    format!("{}  {}  {}  {replay}{detail}", text("time"), text("source"), text("detail-type"))
}

/// A moment, in seconds since 1970.
pub(super) fn since(text: &str) -> Result<f64, String> {
    match wait::span(text) {
        Ok(ago) => Ok(now() - ago.as_secs_f64()),
        Err(_) => text.parse::<Timestamp>().map(Timestamp::epoch_seconds).map_err(|_| {
            format!("`{text}` is no time such as 2026-01-01T00:00:00Z, nor so long ago as 90s, 10m or 2h")
        }),
    }
}
