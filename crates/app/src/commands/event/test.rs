//! `trainyard event test`: which events of files, or which of the last events of a bus, a pattern matches.

use std::path::PathBuf;

use clap::Args;
use serde_json::Value;
use trainyard_lang::{lint, matcher, pattern::Pattern};

use super::text_of;
use crate::{
    connect::ConnectArgs,
    failure::{Exit, Failure},
    printer, remote, snippet,
};

/// Flags of `trainyard event test`.
#[derive(Args)]
#[command(after_help = "Exit codes: 0 an event matches, 1 none does, 65 the pattern is not valid")]
pub(in crate::commands) struct TestArgs {
    /// The file of the pattern
    #[arg(short, long, value_name = "FILE")]
    pattern: PathBuf,
    /// Files of events: one event, a list of them, or one in each line; - is the standard input
    #[arg(value_name = "EVENTS", required_unless_present = "recent")]
    events: Vec<PathBuf>,
    /// Try it on the last so many events of the bus
    #[arg(long, value_name = "COUNT", conflicts_with = "events", value_parser = clap::value_parser!(u32).range(1..))]
    recent: Option<u32>,
    /// Which bus [default: default]
    #[arg(long, requires = "recent")]
    bus: Option<String>,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Prints the events that match, one in each line.
pub(super) async fn run(args: TestArgs) -> Result<(), Failure> {
    let text = text_of(&args.pattern)?;
    let Ok(pattern) = Pattern::parse(&text) else {
        for found in lint::lint_pattern(&text) {
            let path = args.pattern.display().to_string();
            printer::result(snippet::rendered(&path, &text, &found, printer::result_colours()));
        }
        return Err(Failure::said(Exit::Invalid));
    };
    let told = told(&args).await?;
    let (mut matched, all) = (0, told.len());
    for (place, event) in told {
        for misfit in trainyard_lang::events::misfits(&event) {
            printer::talk(format_args!("{place}: no known kind of event can be this: {misfit}"));
        }
        let event = event.to_string();
        let matches =
            matcher::matches(&pattern, &event).map_err(|e| Failure::usage(format!("{place}: {e}")))?;
        if matches {
            matched += 1;
            printer::result(event);
        }
    }
    printer::talk(format_args!("{matched} of {all} events match"));
    if matched > 0 { Ok(()) } else { Err(Failure::said(Exit::Failed)) }
}

/// The events that it is tried on, each with where it stands.
async fn told(args: &TestArgs) -> Result<Vec<(String, Value)>, Failure> {
    let mut told = Vec::new();
    if let Some(count) = args.recent {
        let found =
            remote::events::recent(&args.connect.client()?, args.bus.as_deref(), count as usize).await?;
        told.extend(found.into_iter().map(|event| ("the bus".to_owned(), event)));
    }
    for path in &args.events {
        let named = |error| Failure::usage(format!("{}: {error}", path.display()));
        let found = events(&text_of(path)?).map_err(named)?;
        let place = |(at, event)| (format!("{}: event {}", path.display(), at + 1), event);
        told.extend(found.into_iter().enumerate().map(place));
    }
    Ok(told)
}

/// The events in a text: values one after the other, or in a list.
pub(super) fn events(text: &str) -> Result<Vec<Value>, serde_json::Error> {
    let mut events = Vec::new();
    for value in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        match value? {
            Value::Array(items) => events.extend(items),
            event => events.push(event),
        }
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_stand_alone_in_lines_or_in_lists() {
        assert_eq!(events(r#"{"a": 1}"#).unwrap().len(), 1);
        assert_eq!(events("{\"a\": 1}\n{\"a\": 2}\n\n[{}, {}]").unwrap().len(), 4);
        assert!(events("{\"a\": 1}\n{").is_err());
    }
}
