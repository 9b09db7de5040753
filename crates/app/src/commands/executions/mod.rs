//! `trainyard executions`: executions as they were, under another definition, and beside each other. Nothing is changed.

mod diff;
mod replay;
mod show;

use clap::Subcommand;
use serde_json::Value;

use crate::{
    client::Client,
    failure::Failure,
    remote::{
        executions::Execution,
        history,
        subject::{self, Subject},
    },
    table::{cut, table},
};

/// What is looked at.
#[derive(Subcommand)]
pub(crate) enum ExecutionsCommand {
    /// Show an execution as it was at any event: states, inputs, variables, and what it waited for
    Show(show::ShowArgs),
    /// Decide what is recorded of an execution again under another definition, and show the first difference
    Replay(replay::ReplayArgs),
    /// Compare two executions: the first event that differs, then input, output and duration by state
    Diff(diff::DiffArgs),
}

/// Looks.
pub(super) async fn run(command: ExecutionsCommand) -> Result<(), Failure> {
    match command {
        ExecutionsCommand::Show(args) => show::run(args).await,
        ExecutionsCommand::Replay(args) => replay::run(args).await,
        ExecutionsCommand::Diff(args) => diff::run(args).await,
    }
}

/// The execution of that name or ARN, or the latest one of that state machine.
pub(super) async fn find(client: &Client, name: &str) -> Result<Execution, Failure> {
    let plain = !name.starts_with("arn:") && !name.starts_with("execution/");
    let name = if plain { format!("execution/{name}") } else { name.to_owned() };
    match subject::find(client, &name).await? {
        Subject::Execution(execution) => Ok(execution),
        other => Err(Failure::usage(format!("{} is no execution", other.name()))),
    }
}

/// An event in one line: `7 TaskFailed E: why`.
fn line(event: &Value) -> String {
    let id = event["id"].as_u64().unwrap_or_default();
    let kind = event["type"].as_str().unwrap_or_default();
    format!("{id} {}", history::line(kind, history::details(event)))
}

/// How much of a value is shown.
const WIDTH: usize = 60;

/// Two events beside each other, with the members of their details that are not the same. One may be none.
fn compared([left, right]: [&str; 2], one: &Option<Value>, other: &Option<Value>) -> String {
    let of = |event: &Option<Value>| event.as_ref().map_or_else(|| "—".to_owned(), line);
    let mut rows = vec![["event".to_owned(), cut(&of(one), WIDTH), cut(&of(other), WIDTH)]];
    if let (Some(one), Some(other)) = (one, other) {
        rows.extend(members(history::details(one), history::details(other)));
    }
    table(["", left, right], &rows)
}

/// The members that are not the same.
fn members(one: &Value, other: &Value) -> Vec<[String; 3]> {
    let names = [one, other].into_iter().filter_map(Value::as_object).flat_map(serde_json::Map::keys);
    let mut names: Vec<&String> = names.collect();
    names.sort();
    names.dedup();
    let text = |value: Option<&Value>| match value {
        None => "—".to_owned(),
        Some(Value::String(text)) => cut(text, WIDTH),
        Some(value) => cut(&value.to_string(), WIDTH),
    };
    let different = names.into_iter().filter(|name| one.get(name.as_str()) != other.get(name.as_str()));
    different.map(|name| [name.clone(), text(one.get(name)), text(other.get(name))]).collect()
}

/// `12:34:56.789Z`.
fn clock(time: f64) -> String {
    let millis = (time * 1000.0).round() as u64;
    let seconds = millis / 1000 % 86400;
    let (hours, minutes) = (seconds / 3600, seconds / 60 % 60);
    format!("{hours:02}:{minutes:02}:{:02}.{:03}Z", seconds % 60, millis % 1000)
}
