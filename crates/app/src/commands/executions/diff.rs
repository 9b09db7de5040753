//! `trainyard executions diff`: two executions beside each other.

use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};

use super::{compared, find};
use crate::{
    connect::ConnectArgs,
    failure::{Exit, Failure},
    printer,
    remote::{
        executions,
        history::{self, History, Visit},
    },
    screen::seconds,
    table::{Output, cut, table},
    verdict::VerdictArgs,
};

/// Flags of `trainyard executions diff`.
#[derive(Args)]
pub(crate) struct DiffArgs {
    /// An execution; a state machine's name means its latest
    a: String,
    /// Another one
    b: String,
    #[command(flatten)]
    verdict: VerdictArgs,
    #[command(flatten)]
    connect: ConnectArgs,
}

/// Compares them.
pub(super) async fn run(args: DiffArgs) -> Result<(), Failure> {
    let client = args.connect.client()?;
    let (a, b) = (find(&client, &args.a).await?, find(&client, &args.b).await?);
    let events = [
        executions::events(&client, &a.execution_arn).await?,
        executions::events(&client, &b.execution_arn).await?,
    ];
    let first = first(&events);
    let states = states(&events);
    match args.verdict.output {
        Output::Json => printer::result(json!({"firstDifference": first, "states": states_as_json(&states)})),
        Output::Table => printer::result(shown(first.as_ref(), &states)),
    }
    let different = first.is_some() || states.iter().any(State::is_different);
    if args.verdict.detailed_exitcode && different {
        return Err(Failure::said(Exit::Changed));
    }
    Ok(())
}

/// The first two events that are not the same but for their time; one may be none.
fn first([a, b]: &[Vec<Value>; 2]) -> Option<[Option<Value>; 2]> {
    let what = |event: &Value| (event["type"].clone(), history::details(event).clone());
    let at = a.iter().zip(b).position(|(a, b)| what(a) != what(b));
    let at = at.or_else(|| (a.len() != b.len()).then(|| a.len().min(b.len())))?;
    Some([a.get(at).cloned(), b.get(at).cloned()])
}

/// The same visit of a state in both: the first with the first, the second with the second.
struct State {
    name: String,
    visits: [Option<Visit>; 2],
}

impl State {
    fn is_different(&self) -> bool {
        self.compared(|visit| visit.input.clone()) != "same"
            || self.compared(|visit| visit.output.clone()) != "same"
    }

    fn compared(&self, of: impl Fn(&Visit) -> Option<String>) -> &'static str {
        match &self.visits {
            [Some(a), Some(b)] if of(a) == of(b) => "same",
            [Some(_), Some(_)] => "differs",
            [Some(_), None] => "only in A",
            [None, _] => "only in B",
        }
    }
}

/// All visits, in the order of the first execution, then what only the second has visited.
fn states([a, b]: &[Vec<Value>; 2]) -> Vec<State> {
    let (a, b) = (History::read(a).visits, History::read(b).visits);
    let mut left: Vec<Option<Visit>> = b.into_iter().map(Some).collect();
    let mut states = Vec::new();
    for visit in a {
        let same = left.iter_mut().find(|other| other.as_ref().is_some_and(|it| it.state == visit.state));
        let other = same.and_then(Option::take);
        states.push(State { name: visit.state.clone(), visits: [Some(visit), other] });
    }
    let rest = left.into_iter().flatten();
    states.extend(rest.map(|visit| State { name: visit.state.clone(), visits: [None, Some(visit)] }));
    states
}

fn took(visit: Option<&Visit>) -> String {
    let took = visit.map(|visit| visit.left.map(|left| (left - visit.entered).max(0.0)));
    match took {
        None => "—".to_owned(),
        Some(None) => "not left".to_owned(),
        Some(Some(took)) => seconds(Duration::from_secs_f64(took)),
    }
}

/// How much of a JSON text is shown.
const WIDTH: usize = 70;

fn shown(first: Option<&[Option<Value>; 2]>, states: &[State]) -> String {
    let mut text = match first {
        None => "all events are the same".to_owned(),
        Some(events) => {
            let [a, b] = events;
            format!("the first event that differs:\n\n{}", compared(["A", "B"], a, b))
        }
    };
    let row = |state: &State| {
        let [a, b] = &state.visits;
        let input = state.compared(|visit| visit.input.clone()).to_owned();
        let output = state.compared(|visit| visit.output.clone()).to_owned();
        [state.name.clone(), input, output, took(a.as_ref()), took(b.as_ref())]
    };
    let rows: Vec<_> = states.iter().map(row).collect();
    text += &format!("\n\n{}", table(["STATE", "INPUT", "OUTPUT", "A TOOK", "B TOOK"], &rows));
    for state in states {
        let [Some(a), Some(b)] = &state.visits else { continue };
        for (word, a, b) in [("input", &a.input, &b.input), ("output", &a.output, &b.output)] {
            if a != b {
                let of = |text: &Option<String>| {
                    text.as_deref().map_or_else(|| "—".to_owned(), |it| cut(it, WIDTH))
                };
                text += &format!("\n\n{} {word}\n  A  {}\n  B  {}", state.name, of(a), of(b));
            }
        }
    }
    text
}

fn states_as_json(states: &[State]) -> Value {
    let side = |visit: &Option<Visit>| {
        visit.as_ref().map(|visit| {
            json!({
                "input": visit.input, "output": visit.output, "entered": visit.entered, "left": visit.left,
            })
        })
    };
    let one = |state: &State| {
        let [a, b] = &state.visits;
        json!({
            "state": state.name,
            "input": state.compared(|visit| visit.input.clone()),
            "output": state.compared(|visit| visit.output.clone()),
            "a": side(a),
            "b": side(b),
        })
    };
    states.iter().map(one).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visited(output: &str, left: f64) -> Vec<Value> {
        vec![
            json!({"id": 1, "previousEventId": 0, "timestamp": 1.0, "type": "PassStateEntered",
                "stateEnteredEventDetails": {"name": "A", "input": "{}"}}),
            json!({"id": 2, "previousEventId": 1, "timestamp": left, "type": "PassStateExited",
                "stateExitedEventDetails": {"name": "A", "output": output}}),
        ]
    }

    #[test]
    fn what_differs_is_shown_and_time_alone_is_no_difference() {
        let same = [visited("1", 2.0), visited("1", 9.0)];
        assert!(first(&same).is_none() && !states(&same).iter().any(State::is_different));
        let mut events = [visited("1", 2.0), visited("2", 9.0)];
        events[1].push(json!({"id": 3, "previousEventId": 2, "timestamp": 9.0, "type": "PassStateEntered",
            "stateEnteredEventDetails": {"name": "B", "input": "2"}}));
        let expect = "\
the first event that differs:

        A                    B
event   2 PassStateExited A  2 PassStateExited A
output  1                    2

STATE  INPUT      OUTPUT     A TOOK  B TOOK
A      same       differs    1.0 s   8.0 s
B      only in B  only in B  —       not left

A output
  A  1
  B  2";
        assert_eq!(shown(first(&events).as_ref(), &states(&events)), expect);
    }

    #[test]
    fn one_that_goes_on_longer_differs_where_the_other_ends() {
        let (short, mut long) = (visited("1", 2.0), visited("1", 2.0));
        long.push(json!({"id": 3, "type": "ExecutionSucceeded"}));
        let [a, b] = first(&[short, long]).unwrap();
        assert!(a.is_none() && b.unwrap()["id"] == 3);
    }
}
