//! A history's events as CloudWatch Logs shows them. Pure.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html>

use serde_json::{Value, json};
use trainyard_domain::job::LogLine;
use trainyard_engine::HistoryEvent;

use super::{execution::Execution, settings::Level};
use crate::logs::shortened;

/// What only a log with execution data has.
const DATA: &[&str] = &["input", "inputDetails", "output", "outputDetails", "parameters"];

/// What of the events is logged at this level, one line each; with `data`, inputs and outputs too.
pub(super) fn lines(
    execution: &Execution,
    (level, data): (Level, bool),
    events: &[HistoryEvent],
) -> Vec<LogLine> {
    let wanted = events.iter().filter(|event| is_logged(level, &event.type_name()));
    let line = |event: &HistoryEvent| {
        let mut text = shown(execution, data, event).to_string();
        // No log keeps more of it.
        text.truncate(shortened(&text).len());
        LogLine { time: event.time, text }
    };
    wanted.map(line).collect()
}

/// <https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html#cloudwatch-log-level>
fn is_logged(level: Level, kind: &str) -> bool {
    let failure = ["Failed", "Aborted", "TimedOut"].iter().any(|end| kind.ends_with(end));
    match level {
        Level::All => true,
        Level::Error => failure || kind == "FailStateEntered",
        Level::Fatal => failure && kind.starts_with("Execution"),
        Level::Off => false,
    }
}

fn shown(execution: &Execution, data: bool, event: &HistoryEvent) -> Value {
    let mut all = event.to_aws();
    let details = all.as_object_mut().and_then(|members| {
        let name = members.keys().find(|name| name.ends_with("EventDetails"))?.clone();
        members.shift_remove(&name)
    });
    let mut details = details.unwrap_or_else(|| json!({}));
    if let Some(members) = details.as_object_mut().filter(|_| !data) {
        members.retain(|name, _| !DATA.contains(&name.as_str()));
    }
    json!({
        "id": event.id.to_string(),
        "type": event.type_name(),
        "details": details,
        "previous_event_id": event.previous.to_string(),
        "event_timestamp": event.time.millis().to_string(),
        "execution_arn": execution.arn(),
        "redrive_count": execution.redrives.count.to_string(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_are_awss() {
        let check = |kind, all: [bool; 4]| {
            let levels = [Level::All, Level::Error, Level::Fatal, Level::Off];
            assert_eq!(levels.map(|level| is_logged(level, kind)), all, "{kind}");
        };
        check("PassStateEntered", [true, false, false, false]);
        check("ExecutionSucceeded", [true, false, false, false]);
        check("FailStateEntered", [true, true, false, false]);
        check("TaskTimedOut", [true, true, false, false]);
        check("MapStateAborted", [true, true, false, false]);
        check("ExecutionAborted", [true, true, true, false]);
        check("ExecutionTimedOut", [true, true, true, false]);
    }
}
