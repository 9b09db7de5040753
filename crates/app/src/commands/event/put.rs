//! `trainyard event put`: tells the events of a file.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::{test::events, text_of};
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
    EventBusName, Resources and Time.\nExit codes: 0 all were taken, 1 some were not")]
pub(in crate::commands) struct PutArgs {
    /// A file of entries: one, a list of them, or one in each line; - is the standard input
    #[arg(value_name = "ENTRIES")]
    entries: PathBuf,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Tells them and prints the id of each that was taken.
pub(super) async fn run(args: PutArgs) -> Result<(), Failure> {
    let path = args.entries.display().to_string();
    let entries = events(&text_of(&args.entries)?).map_err(|e| Failure::usage(format!("{path}: {e}")))?;
    let entries: Vec<_> = entries.into_iter().map(with_text).collect();
    let client = args.connect.client()?;
    let mut refused = 0;
    for (batch, told) in entries.chunks(AT_ONCE).enumerate() {
        let answer = client.call("events", "AWSEvents.PutEvents", &json!({"Entries": told})).await?;
        for (at, one) in answer["Entries"].as_array().into_iter().flatten().enumerate() {
            match (one["EventId"].as_str(), one["ErrorMessage"].as_str()) {
                (Some(id), _) => printer::result(id),
                (None, why) => {
                    refused += 1;
                    let number = batch * AT_ONCE + at + 1;
                    printer::talk(format_args!("entry {number}: {}", why.unwrap_or("it was not taken")));
                }
            }
        }
    }
    if refused == 0 { Ok(()) } else { Err(Failure::said(Exit::Failed)) }
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
