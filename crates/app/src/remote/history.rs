//! The history of an execution, folded into the states that were visited. Pure.
//! <https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html>

use std::collections::HashMap;

use serde_json::Value;

use super::jobs::Kind;

/// What an execution has gone through.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// The states, in the order in which they were entered.
    pub visits: Vec<Visit>,
    /// How it ended.
    pub end: Option<End>,
    /// One line for each event: time in seconds since 1970, and what happened.
    pub lines: Vec<(f64, String)>,
}

/// A state that was entered.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Visit {
    /// The state's name.
    pub state: String,
    /// When it was entered, in seconds since 1970.
    pub entered: f64,
    /// What it was given, as JSON text.
    pub input: Option<String>,
    /// When it was left.
    pub left: Option<f64>,
    /// What it left with, as JSON text.
    pub output: Option<String>,
    /// The jobs that it started, one for each attempt.
    pub jobs: Vec<(Kind, String)>,
    /// Error and cause of each attempt that failed.
    pub failures: Vec<(String, String)>,
}

/// How an execution ended.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct End {
    /// `Succeeded`, `Failed`, `Aborted` or `TimedOut`.
    pub how: String,
    /// The error.
    pub error: Option<String>,
    /// Its cause.
    pub cause: Option<String>,
}

impl End {
    /// Whether it ended well.
    pub(crate) fn is_good(&self) -> bool {
        self.how == "Succeeded"
    }
}

impl History {
    /// Folds the events, the oldest first.
    pub(crate) fn read(events: &[Value]) -> Self {
        let mut history = Self::default();
        // An event belongs to the visit of the event before it: with branches, the order alone does not tell.
        let mut visit_of: HashMap<u64, usize> = HashMap::new();
        for event in events {
            let before = number(event, "previousEventId").and_then(|id| visit_of.get(&id).copied());
            let visit = history.take(event, before);
            if let (Some(id), Some(visit)) = (number(event, "id"), visit) {
                visit_of.insert(id, visit);
            }
        }
        history
    }

    /// The latest visit of that state.
    pub(crate) fn visit(&self, state: &str) -> Option<&Visit> {
        self.visits.iter().rev().find(|visit| visit.state == state)
    }

    /// The first visit of that state.
    pub(crate) fn first(&self, state: &str) -> Option<&Visit> {
        self.visits.iter().find(|visit| visit.state == state)
    }

    /// All jobs that were started, with the state that started them.
    pub(crate) fn jobs(&self) -> impl Iterator<Item = (&str, Kind, &str)> {
        self.visits.iter().flat_map(|visit| {
            visit.jobs.iter().map(|(kind, job)| (visit.state.as_str(), *kind, job.as_str()))
        })
    }

    /// The last visit with an attempt that failed, if the execution did not end well: where to look.
    pub(crate) fn failing(&self) -> Option<&Visit> {
        let bad = self.end.as_ref().is_some_and(|end| !end.is_good());
        bad.then(|| self.visits.iter().rev().find(|visit| !visit.failures.is_empty()))?
    }

    fn take(&mut self, event: &Value, before: Option<usize>) -> Option<usize> {
        let kind = event.get("type").and_then(Value::as_str).unwrap_or_default();
        let time = event.get("timestamp").and_then(Value::as_f64).unwrap_or_default();
        let details = details(event);
        self.lines.push((time, line(kind, details)));
        if kind.ends_with("StateEntered") {
            self.visits
                .push(Visit { input: text(details, "input"), ..Visit::enter(text(details, "name")?, time) });
            return Some(self.visits.len() - 1);
        }
        if let Some(how) = ending(kind) {
            let (error, cause) = (text(details, "error"), text(details, "cause"));
            self.end = Some(End { how: how.to_owned(), error, cause });
            return before;
        }
        if kind == "ExecutionRedriven" {
            self.end = None;
        }
        let visit = self.visits.get_mut(before?)?;
        if kind.ends_with("StateExited") {
            visit.left = Some(time);
            visit.output = text(details, "output");
        } else if kind == "TaskScheduled" {
            visit.jobs.extend(job(details));
        } else if matches!(kind, "TaskFailed" | "TaskTimedOut" | "TaskStartFailed" | "TaskSubmitFailed") {
            let word = |name| text(details, name).unwrap_or_default();
            visit.failures.push((word("error"), word("cause")));
        }
        before
    }
}

impl Visit {
    fn enter(state: String, time: f64) -> Self {
        Self {
            state,
            entered: time,
            input: None,
            left: None,
            output: None,
            jobs: Vec::new(),
            failures: Vec::new(),
        }
    }

    /// The member at that JSON pointer of what the state left with.
    pub(crate) fn output_at(&self, pointer: &str) -> Option<Value> {
        let output: Value = serde_json::from_str(self.output.as_deref()?).ok()?;
        output.pointer(pointer).cloned()
    }
}

fn ending(kind: &str) -> Option<&str> {
    let how = kind.strip_prefix("Execution")?;
    matches!(how, "Succeeded" | "Failed" | "Aborted" | "TimedOut").then_some(how)
}

/// The one member that ends in `EventDetails`.
pub(crate) fn details(event: &Value) -> &Value {
    let members = event.as_object().into_iter().flatten();
    members
        .filter(|(name, _)| name.ends_with("EventDetails"))
        .map(|(_, value)| value)
        .next()
        .unwrap_or(&Value::Null)
}

fn job(details: &Value) -> Option<(Kind, String)> {
    let parameters: Value = serde_json::from_str(details.get("parameters")?.as_str()?).ok()?;
    Kind::ALL.into_iter().find_map(|kind| Some((kind, text(&parameters, &format!("{}Name", kind.word()))?)))
}

/// The event in one line.
pub(crate) fn line(kind: &str, details: &Value) -> String {
    let mut line = kind.to_owned();
    for name in ["name", "resource", "error", "cause"] {
        if let Some(word) = text(details, name) {
            line.push_str(if name == "cause" { ": " } else { " " });
            line.push_str(&word);
        }
    }
    line
}

fn text(value: &Value, name: &str) -> Option<String> {
    value.get(name)?.as_str().map(str::to_owned)
}

fn number(value: &Value, name: &str) -> Option<u64> {
    value.get(name)?.as_u64()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn events() -> Vec<Value> {
        let parameters = json!({"TrainingJobName": "train-1-0"}).to_string();
        let again = json!({"TrainingJobName": "train-1-1"}).to_string();
        vec![
            json!({"id": 1, "previousEventId": 0, "timestamp": 1.0, "type": "ExecutionStarted",
                "executionStartedEventDetails": {"input": "{}"}}),
            json!({"id": 2, "previousEventId": 0, "timestamp": 1.0, "type": "TaskStateEntered",
                "stateEnteredEventDetails": {"name": "Train"}}),
            json!({"id": 3, "previousEventId": 2, "timestamp": 1.5, "type": "TaskScheduled",
                "taskScheduledEventDetails": {"resource": "createTrainingJob.sync", "parameters": parameters}}),
            json!({"id": 4, "previousEventId": 3, "timestamp": 3.0, "type": "TaskFailed",
                "taskFailedEventDetails": {"error": "States.TaskFailed", "cause": "exit 1"}}),
            json!({"id": 5, "previousEventId": 4, "timestamp": 4.0, "type": "TaskScheduled",
                "taskScheduledEventDetails": {"resource": "createTrainingJob.sync", "parameters": again}}),
        ]
    }

    #[test]
    fn a_visit_holds_its_attempts() {
        let mut events = events();
        let going = History::read(&events);
        let visit = going.visit("Train").unwrap();
        let jobs: Vec<_> = going.jobs().collect();
        assert_eq!(jobs, [("Train", Kind::Training, "train-1-0"), ("Train", Kind::Training, "train-1-1")]);
        assert_eq!((visit.entered, visit.left), (1.0, None));
        assert!(going.failing().is_none(), "it has not ended");
        events.push(json!({"id": 6, "previousEventId": 5, "timestamp": 6.0, "type": "TaskStateExited",
            "stateExitedEventDetails": {"name": "Train", "output": "{\"a\": {\"b\": 7}}"}}));
        let left = History::read(&events);
        let visit = left.visit("Train").unwrap();
        assert_eq!((visit.left, visit.output_at("/a/b")), (Some(6.0), Some(json!(7))));
    }

    #[test]
    fn the_failing_state_of_a_history() {
        let mut events = events();
        events.push(json!({"id": 6, "previousEventId": 5, "timestamp": 5.0, "type": "ExecutionFailed",
            "executionFailedEventDetails": {"error": "E", "cause": "c"}}));
        let history = History::read(&events);
        assert_eq!(history.failing().map(|visit| visit.state.as_str()), Some("Train"));
        assert_eq!(
            history.end.as_ref().map(|end| (end.how.as_str(), end.is_good())),
            Some(("Failed", false))
        );
        assert_eq!(history.lines.last().map(|(_, line)| line.as_str()), Some("ExecutionFailed E: c"));
    }

    #[test]
    fn branches_are_told_apart() {
        let enter = |id: u64, name: &str| {
            json!({"id": id, "previousEventId": 0, "timestamp": id, "type": "TaskStateEntered",
                "stateEnteredEventDetails": {"name": name}})
        };
        let fail = |id: u64, before: u64| {
            json!({"id": id, "previousEventId": before, "timestamp": id, "type": "TaskFailed",
                "taskFailedEventDetails": {"error": format!("E{before}")}})
        };
        let history = History::read(&[enter(1, "A"), enter(2, "B"), fail(3, 1), fail(4, 2)]);
        let error = |state: &str| history.visit(state).unwrap().failures[0].0.clone();
        assert_eq!((error("A"), error("B")), ("E1".to_owned(), "E2".to_owned()));
    }
}
