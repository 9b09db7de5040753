//! `trainyard schedules`: when schedules are due, in their own zone's time and in this machine's; `next` says it of an
//! expression that nobody has made a schedule of yet, without a server.

use clap::{Args, Subcommand};
use jiff::tz::TimeZone;
use serde_json::{Value, json};
use trainyard_domain::Timestamp;
use trainyard_lang::schedule::{Schedule, Zone};

use crate::{
    connect::ConnectArgs,
    failure::{Exit, Failure},
    printer,
    remote::schedules::{self, Due},
    table::{self, Output, cut},
};

/// Flags of `trainyard schedules`.
#[derive(Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(crate) struct SchedulesArgs {
    #[command(subcommand)]
    action: Option<Action>,
    #[command(flatten)]
    list: ListArgs,
}

#[derive(Subcommand)]
enum Action {
    /// Say when an expression such as 'cron(0 9 ? * MON-FRI *)' is due, without a server
    Next(NextArgs),
}

#[derive(Args)]
struct ListArgs {
    #[command(flatten)]
    connect: ConnectArgs,
    /// How many of the next times are shown of each
    #[arg(short = 'n', long, default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=100))]
    count: u8,
    /// How to write the result
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

#[derive(Args)]
struct NextArgs {
    /// cron(minutes hours day month weekday year), rate(value unit) or at(yyyy-mm-ddThh:mm:ss)
    expression: String,
    /// The time zone that it is read in, by its IANA name
    #[arg(long, default_value = "UTC", value_name = "NAME")]
    zone: String,
    /// From which moment on [default: now]
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// How many times are shown
    #[arg(short = 'n', long, default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=100))]
    count: u8,
    /// How to write the result
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Prints the schedules, or the times of an expression.
pub(crate) async fn run(args: SchedulesArgs) -> Result<(), Failure> {
    match args.action {
        Some(Action::Next(args)) => next(&args),
        None => list(args.list).await,
    }
}

async fn list(args: ListArgs) -> Result<(), Failure> {
    let found = schedules::list(&args.connect.client()?, args.count.into()).await?;
    match args.output {
        Output::Json => printer::result(Value::from_iter(found.iter().map(shown))),
        Output::Table if found.is_empty() => {
            printer::talk("there are no schedules, and no rules that have one")
        }
        Output::Table => {
            let local = local();
            let rows: Vec<_> = found.iter().flat_map(|due| rows(due, &local)).collect();
            let heads = ["KIND", "NAME", "EXPRESSION", "NEXT", "LOCAL TIME"];
            printer::result(table::table(heads, &rows));
        }
    }
    if let Some(due) = found.iter().find(|due| due.kind == "Schedule") {
        let (expression, zone) = (&due.expression, &due.zone);
        printer::talk(format_args!("next: trainyard schedules next '{expression}' --zone {zone}"));
    }
    Ok(())
}

/// One row for each time.
fn rows(due: &Due, local: &Zone) -> Vec<[String; 5]> {
    let zone = Zone::named(&due.zone).unwrap_or_else(|_| Zone::utc());
    let row = |next: String, here: String| {
        [due.kind.to_lowercase(), due.name.clone(), cut(&due.expression, 40), next, here]
    };
    if due.times.is_empty() {
        let why = if due.enabled { "never again" } else { "disabled" };
        return vec![row(why.to_owned(), String::new())];
    }
    let moments = due.times.iter().map(|time| millis(time.time));
    moments.map(|moment| row(zone.show(moment), local.show(moment))).collect()
}

fn shown(due: &Due) -> Value {
    let Due { kind, name, arn, expression, zone, enabled, last_time, times } = due;
    let moment = |seconds: f64| Timestamp(millis(seconds)).to_string();
    json!({
        "kind": kind.to_lowercase(),
        "name": name,
        "arn": arn,
        "expression": expression,
        "zone": zone,
        "enabled": enabled,
        "last": last_time.map(moment),
        "next": times.iter().map(|time| moment(time.time)).collect::<Vec<_>>(),
    })
}

fn next(args: &NextArgs) -> Result<(), Failure> {
    let wrong = |why: String| Failure::new(Exit::Invalid, why);
    let schedule = Schedule::of_scheduler(&args.expression).map_err(|e| wrong(e.to_string()))?;
    let zone = Zone::named(&args.zone).map_err(|e| wrong(e.to_string()))?;
    let from = match &args.from {
        Some(text) => text.parse().map_err(|e: trainyard_domain::time::NotATime| wrong(e.to_string()))?,
        None => Timestamp(millis(table::now())),
    };
    let begin = from.millis();
    let after = |after: &i64| schedule.next_in(&zone, begin, *after);
    let times: Vec<i64> =
        std::iter::successors(after(&begin.saturating_sub(1)), after).take(args.count.into()).collect();
    match args.output {
        Output::Json => {
            printer::result(Value::from_iter(times.iter().map(|time| Timestamp(*time).to_string())));
        }
        Output::Table if times.is_empty() => printer::talk("it is never due again"),
        Output::Table => {
            let local = local();
            let row =
                |time: &i64| [zone.show(*time), local.show(*time), Timestamp(*time).to_seconds_string()];
            let rows: Vec<_> = times.iter().map(row).collect();
            let head = args.zone.to_uppercase();
            printer::result(table::table([&head, "LOCAL TIME", "MOMENT"], &rows));
        }
    }
    Ok(())
}

/// This machine's zone; UTC where it has none.
fn local() -> Zone {
    Zone::of_machine(TimeZone::try_system().unwrap_or(TimeZone::UTC))
}

fn millis(seconds: f64) -> i64 {
    // The cast saturates: there are no such schedules.
    (seconds * 1000.0).round() as i64
}
