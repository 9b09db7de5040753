//! `trainyard executions replay`: what is recorded of an execution, decided again under another definition.

use std::{io::Read, path::PathBuf};

use clap::Args;

use super::{compared, find};
use crate::{
    connect::ConnectArgs,
    failure::{Exit, Failure},
    printer,
    remote::{
        last,
        looks::{self, Replayed},
    },
    table::Output,
    verdict::VerdictArgs,
};

/// Flags of `trainyard executions replay`.
#[derive(Args)]
pub(crate) struct ReplayArgs {
    /// An execution; a state machine's name means its latest
    name: String,
    /// The definition, as JSON
    #[arg(long, value_name = "FILE")]
    definition: PathBuf,
    #[command(flatten)]
    verdict: VerdictArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// More than a definition may have.
const MOST: u64 = 2 * 1024 * 1024;

/// Replays it and shows the first difference.
pub(super) async fn run(args: ReplayArgs) -> Result<(), Failure> {
    let unreadable = |error| Failure::usage(format!("{}: {error}", args.definition.display()));
    let mut definition = String::new();
    let file = std::fs::File::open(&args.definition).map_err(unreadable)?;
    file.take(MOST).read_to_string(&mut definition).map_err(unreadable)?;
    let client = args.connect.client()?;
    let execution = find(&client, &args.name).await?;
    let replayed = looks::replay(&client, &execution.execution_arn, &definition).await?;
    match args.verdict.output {
        Output::Json => printer::result(serde_json::json!(replayed)),
        Output::Table => printer::result(shown(&replayed)),
    }
    if args.verdict.detailed_exitcode && replayed.difference.is_some() {
        return Err(Failure::said(Exit::Changed));
    }
    Ok(())
}

fn shown(replayed: &Replayed) -> String {
    let name = last(&replayed.execution_arn);
    let events = |count: u64| format!("{count} event{}", if count == 1 { "" } else { "s" });
    let mut text = format!("execution/{name}: {} decided as recorded", events(replayed.same_events));
    if replayed.drawn_events > 0 {
        text += &format!(", {} with what was drawn by lot then", replayed.drawn_events);
    }
    match &replayed.difference {
        None => text += "\nnothing would be different",
        Some(difference) => {
            text += &format!(
                "\nthen it would be different:\n\n{}",
                compared(["RECORDED", "DECIDED"], &difference.recorded, &difference.decided)
            )
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::remote::looks::Difference;

    #[test]
    fn the_first_difference_is_a_table() {
        let event = |output: &str| {
            json!({"id": 3, "type": "PassStateExited",
                "stateExitedEventDetails": {"name": "A", "output": output}})
        };
        let mut replayed = Replayed {
            execution_arn: "arn:aws:states:us-east-1:000000000000:execution:m:x".to_owned(),
            same_events: 2,
            drawn_events: 1,
            difference: None,
        };
        let head = "execution/x: 2 events decided as recorded, 1 with what was drawn by lot then".to_owned();
        assert_eq!(shown(&replayed), head.clone() + "\nnothing would be different");
        let (recorded, decided) = (Some(event("1")), Some(event("2")));
        replayed.difference = Some(Difference { recorded, decided });
        let table = "\
\x20       RECORDED             DECIDED
event   3 PassStateExited A  3 PassStateExited A
output  1                    2";
        assert_eq!(shown(&replayed), head + "\nthen it would be different:\n\n" + table);
    }
}
