//! `trainyard executions show`: an execution as it was at any event.

use clap::Args;

use super::{clock, find, line};
use crate::{
    connect::ConnectArgs,
    failure::Failure,
    printer,
    remote::{
        last,
        looks::{self, Doing, Picture, Standing},
    },
    table::{Output, cut, table},
};

/// Flags of `trainyard executions show`.
#[derive(Args)]
pub(crate) struct ShowArgs {
    /// An execution; a state machine's name means its latest
    name: String,
    /// The number of an event; the last one, if none is given
    #[arg(long, value_name = "EVENT")]
    at: Option<u64>,
    /// How to write the result
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Shows it.
pub(super) async fn run(args: ShowArgs) -> Result<(), Failure> {
    let client = args.connect.client()?;
    let execution = find(&client, &args.name).await?;
    let picture = looks::picture(&client, &execution.execution_arn, args.at).await?;
    match args.output {
        Output::Json => printer::result(serde_json::json!(picture)),
        Output::Table => printer::result(shown(&picture)),
    }
    if picture.event_id > 1 {
        let before = picture.event_id - 1;
        printer::talk(format_args!(
            "next: trainyard executions show {} --at {before}",
            last(&picture.execution_arn)
        ));
    }
    Ok(())
}

/// How much of a JSON text is shown.
const WIDTH: usize = 100;

fn shown(picture: &Picture) -> String {
    let name = last(&picture.execution_arn);
    let mut lines = vec![
        format!("execution/{name}, now {}", picture.status),
        format!("at event {}, {}", line(&picture.event), clock(picture.time)),
    ];
    if picture.standings.is_empty() {
        lines.push("nothing was under way".to_owned());
        return lines.join("\n");
    }
    lines.push(String::new());
    let rows: Vec<[String; 4]> = picture.standings.iter().map(row).collect();
    lines.push(table(["STATE", "DOES", "ENTERED", "ATTEMPT"], &rows));
    for standing in &picture.standings {
        let data = standing.input.iter().map(|input| ("input".to_owned(), input));
        let variables = standing.variables.iter().map(|(name, value)| (format!("${name}"), value));
        let data: Vec<[String; 2]> =
            data.chain(variables).map(|(name, value)| [format!("  {name}"), cut(value, WIDTH)]).collect();
        if !data.is_empty() {
            lines.push(String::new());
            lines.push(table([&*standing.place(), ""], &data));
        }
    }
    if picture.over {
        lines.push(String::new());
        lines.push("it was over: this is where it stood".to_owned());
    }
    lines.join("\n")
}

fn row(standing: &Standing) -> [String; 4] {
    let entered = standing.entered_time.map_or_else(String::new, clock);
    [standing.place(), does(&standing.doing), entered, (standing.retry_count + 1).to_string()]
}

fn does(doing: &Doing) -> String {
    match doing {
        Doing::Enters => "enters it".to_owned(),
        Doing::Ends => "ends".to_owned(),
        Doing::Begins => "begins".to_owned(),
        Doing::Waits { until_time } => format!("waits until {}", clock(*until_time)),
        Doing::Calls { resource, begun } => {
            let word = if *begun { "waits for" } else { "calls" };
            format!("{word} {}", resource.rsplit(":::").next().unwrap_or(resource))
        }
        Doing::Retries { until_time } => format!("tries again at {}", clock(*until_time)),
        Doing::Forks { total, ended } => format!("{ended} of {total} ended"),
        Doing::MapsOver { map_run_arn } => format!("map run {}", last(map_run_arn)),
        Doing::Ended => "has ended".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_picture_is_a_page() {
        let picture: Picture = serde_json::from_value(json!({
            "ExecutionArn": "arn:aws:states:us-east-1:000000000000:execution:m:x",
            "Status": "FAILED",
            "Over": false,
            "EventId": 4,
            "Time": 3661.5,
            "Event": {"id": 4, "type": "TaskScheduled",
                "taskScheduledEventDetails": {"resource": "createTrainingJob.sync"}},
            "Standings": [
                {"Path": [], "State": "Each", "Doing": {"Kind": "Forks", "Total": 3, "Ended": 1}, "RetryCount": 0,
                    "Variables": {"seen": "7"}},
                {"Path": ["Each[2]"], "State": "Train", "EnteredTime": 3600.0, "RetryCount": 1, "Input": "{}",
                    "Doing": {"Kind": "Calls", "Begun": true,
                        "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync"}},
            ],
        }))
        .unwrap();
        let expect = "\
execution/x, now FAILED
at event 4 TaskScheduled createTrainingJob.sync, 01:01:01.500Z

STATE            DOES                                        ENTERED        ATTEMPT
Each             1 of 3 ended                                               1
Each[2] / Train  waits for sagemaker:createTrainingJob.sync  01:00:00.000Z  2

Each
  $seen  7

Each[2] / Train
  input          {}";
        assert_eq!(shown(&picture), expect);
    }
}
