//! `trainyard event put`: tells the events of a file.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::input::{events_of, name_of};
use crate::{
    connect::ConnectArgs,
    failure::{Exit, Failure},
    printer,
};

/// So many entries are told in one call.
const AT_ONCE: usize = 10;

/// Flags of `trainyard event put`.
#[derive(Args)]
#[command(after_help = "An entry has Source, DetailType and Detail (an object, or its text), and may have \
    EventBusName, Resources and Time. The ids of the events are printed, one in each line.\nExit codes: 0 all were \
    taken, 1 some were not")]
pub(in crate::commands) struct PutArgs {
    /// A file of entries: one, a list of them, or one in each line; - is the standard input
    #[arg(value_name = "ENTRIES")]
    entries: PathBuf,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Tells them and prints the id of each that was taken.
pub(super) async fn run(args: PutArgs) -> Result<(), Failure> {
    let entries: Vec<_> = events_of(&args.entries)?.into_iter().map(with_text).collect();
    if entries.is_empty() {
        return Err(Failure::usage(format!("{}: there are no entries in it", name_of(&args.entries))));
    }
    let (client, count, mut refused) = (args.connect.client()?, entries.len(), 0);
    for (batch, told) in entries.chunks(AT_ONCE).enumerate() {
        let first = batch * AT_ONCE + 1;
        let answer = client.call("events", "AWSEvents.PutEvents", &json!({"Entries": told})).await;
        let answer = answer.map_err(|error| {
            let which = format!("{}: entries {first} to {}", name_of(&args.entries), first + told.len() - 1);
            let Failure { exit, message, hints } = error.into();
            Failure { exit, message: format!("{which}: {message}"), hints }
        })?;
        for (at, one) in answer["Entries"].as_array().into_iter().flatten().enumerate() {
            match (one["EventId"].as_str(), one["ErrorMessage"].as_str()) {
                (Some(id), _) => printer::result(id),
                (None, why) => {
                    refused += 1;
                    let why = why.unwrap_or("it was not taken");
                    printer::talk(format_args!("entry {}: {why}", first + at));
                }
            }
        }
    }
    if refused == 0 {
        return Ok(());
    }
    printer::talk(format_args!("{} of {count} entries were taken", count - refused));
    Err(Failure::said(Exit::Failed))
}

/// A detail that is an object is told as its text.
fn with_text(mut entry: Value) -> Value {
    if let Some(detail) = entry.get_mut("Detail").filter(|detail| detail.is_object()) {
        *detail = detail.to_string().into();
    }
    entry
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_detail_is_told_as_text() {
        assert_eq!(with_text(json!({"Detail": {"a": 1}})), json!({"Detail": "{\"a\":1}"}));
        assert_eq!(with_text(json!({"Detail": "{}"})), json!({"Detail": "{}"}));
    }
}
