//! `trainyard event rules`: what came of each rule's events.

use clap::Args;
use serde_json::json;

use crate::{
    connect::ConnectArgs,
    failure::Failure,
    printer,
    remote::rules::{self, Tallied},
    table::{self, Output},
};

/// Flags of `trainyard event rules`.
#[derive(Args)]
#[command(
    after_help = "The counts go back to when a rule was made; a crash can cost those of the last five seconds"
)]
pub(in crate::commands) struct RulesArgs {
    #[command(flatten)]
    connect: ConnectArgs,
    /// How to write the result
    #[arg(short, long, value_enum, default_value_t)]
    output: Output,
}

/// Prints them.
pub(super) async fn run(args: RulesArgs) -> Result<(), Failure> {
    let found = rules::list(&args.connect.client()?).await?;
    match args.output {
        Output::Json => printer::result(json!(found)),
        Output::Table if found.is_empty() => printer::talk("there are no rules"),
        Output::Table => {
            let heads = [
                "RULE",
                "BUS",
                "STATE",
                "MATCHED",
                "DELIVERED",
                "FAILED",
                "RETRIED",
                "THROTTLED",
                "DEAD LETTERS",
            ];
            printer::result(table::table(heads, &found.iter().map(row).collect::<Vec<_>>()));
        }
    }
    Ok(())
}

fn row(rule: &Tallied) -> [String; 9] {
    let letters = match rule.lost_letters {
        0 => rule.dead_letters.to_string(),
        lost => format!("{} ({lost} not taken)", rule.dead_letters),
    };
    [
        rule.name.clone(),
        rule.event_bus_name.clone(),
        if rule.enabled { "enabled" } else { "disabled" }.to_owned(),
        rule.matched.to_string(),
        rule.invoked.to_string(),
        rule.failed.to_string(),
        rule.retried.to_string(),
        rule.throttled.to_string(),
        letters,
    ]
}
