//! What follows from each fact wherever an execution can stand, as `docs/state-fact-table.md` shows it.
//!
//! The document is printed from what the engine does: `TRAINYARD_RECORD=1 cargo test -p trainyard-engine --test table`
//! writes it anew.

mod world;

use std::{fmt::Write as _, fs, path::Path};

use serde_json::{Value, json};
use trainyard_domain::Failure;
use trainyard_engine::{Command, Decision, Fact, HistoryEvent, Run, TimerId, decide};
use world::{World, machine, one_task, start};

const TITLE: &str = "# What follows from each fact, wherever an execution stands

Printed from the engine by `crates/engine/tests/table.rs`, which also compares it: this is what the code does. To print it
anew: `TRAINYARD_RECORD=1 cargo test -p trainyard-engine --test table`.

An execution stands in a state that waits for something, between two states when a decision has grown long, or at its
start or end. Pass, Choice, Succeed and Fail never wait: they are entered, carried out and left in one decision. Facts
about a task, a timer or a map run that the execution does not wait for change nothing, and are left out. In all
machines here the state that is waited in is the last one, and nothing is caught or retried unless the heading says so.
";

#[test]
fn the_document_says_what_the_engine_does() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/state-fact-table.md");
    let document = document();
    if std::env::var_os("TRAINYARD_RECORD").is_some() {
        fs::write(&path, &document).expect("a text takes all");
    }
    assert_eq!(
        fs::read_to_string(&path).expect("a text takes all"),
        document,
        "{} is not what the engine does",
        path.display()
    );
}

fn document() -> String {
    let mut document = TITLE.to_owned();
    for (place, machine_of, run) in places() {
        let (mut rows, mut nothing) = (String::new(), Vec::new());
        for (fact, what) in facts(&run) {
            let decision = decide(&machine(&machine_of), &run.run, &fact, &run.moment());
            match line(&decision) {
                Some(line) => writeln!(rows, "| {what} | {line} |").expect("a text takes all"),
                None if !nothing.contains(&name(&fact)) => nothing.push(name(&fact)),
                None => {}
            }
        }
        writeln!(document, "\n## {place}").expect("a text takes all");
        if !rows.is_empty() {
            write!(document, "\n| fact | events | orders |\n|---|---|---|\n{rows}")
                .expect("a text takes all");
        }
        if !nothing.is_empty() {
            writeln!(document, "\nNothing follows from: {}.", nothing.join(", ")).expect("a text takes all");
        }
    }
    document
}

fn line(decision: &Decision) -> Option<String> {
    if decision.events.is_empty() && decision.commands.is_empty() {
        return None;
    }
    let (mut events, mut orders) = (Vec::new(), Vec::new());
    decision.events.iter().for_each(|event| count(&mut events, HistoryEvent::type_name(event)));
    decision.commands.iter().for_each(|command| count(&mut orders, order(command).to_owned()));
    Some(format!("{} | {}", shown(&events), shown(&orders)))
}

fn count(counted: &mut Vec<(String, usize)>, name: String) {
    match counted.last_mut() {
        Some((last, times)) if *last == name => *times += 1,
        _ => counted.push((name, 1)),
    }
}

/// A decision that grew long is not written out.
fn shown(counted: &[(String, usize)]) -> String {
    let times = |(name, times): &(String, usize)| match times {
        1 => name.clone(),
        times => format!("{name} ×{times}"),
    };
    let mut names: Vec<String> = counted.iter().take(12).map(times).collect();
    if counted.len() > 12 {
        names.push("…".to_owned());
    }
    if names.is_empty() { "—".to_owned() } else { names.join(", ") }
}

/// A new command has its place here.
fn order(command: &Command) -> &'static str {
    match command {
        Command::RunTask(_) => "run the task",
        Command::CancelTask { .. } => "cancel the task",
        Command::WakeAt { .. } => "set a timer",
        Command::ForgetTimer { .. } => "forget a timer",
        Command::StartMapRun(_) => "start the map run",
        Command::RedriveMapRun(_) => "redrive the map run",
        Command::StopMapRun { .. } => "stop the map run",
        Command::Finish(_) => "finish",
    }
}

/// A new fact has its place here, and in [`facts`].
fn name(fact: &Fact) -> &'static str {
    match fact {
        Fact::Started(_) => "Started",
        Fact::TaskTaken { .. } => "TaskTaken",
        Fact::TaskSubmitted { .. } => "TaskSubmitted",
        Fact::TaskSubmitFailed { .. } => "TaskSubmitFailed",
        Fact::TaskSucceeded { .. } => "TaskSucceeded",
        Fact::TaskFailed { .. } => "TaskFailed",
        Fact::MapRunSucceeded { .. } => "MapRunSucceeded",
        Fact::MapRunFailed { .. } => "MapRunFailed",
        Fact::Heartbeat { .. } => "Heartbeat",
        Fact::TimerFired { .. } => "TimerFired",
        Fact::StopAsked { .. } => "StopAsked",
        Fact::Redriven => "Redriven",
    }
}

/// Every kind of fact, about what the run waits for.
fn facts(world: &World) -> Vec<(Fact, String)> {
    let token = world.run.open_tokens().first().map_or_else(String::new, |token| (*token).to_owned());
    let (output, response) = (json!(1), json!(1));
    let failure = || Failure::new("Broken", "why");
    let mut facts = vec![
        Fact::Started(Box::new(start(json!({})))),
        Fact::TaskTaken { token: token.clone(), worker: None },
        Fact::TaskSubmitted { token: token.clone(), response },
        Fact::TaskSubmitFailed { token: token.clone(), failure: failure() },
        Fact::TaskSucceeded { token: token.clone(), output: output.clone() },
        Fact::TaskFailed { token: token.clone(), failure: failure() },
        Fact::MapRunSucceeded { token: token.clone(), output: output.into() },
        Fact::MapRunFailed { token: token.clone(), failure: failure() },
        Fact::Heartbeat { token },
        Fact::StopAsked { error: None, cause: None },
        Fact::Redriven,
    ];
    let timers = world.timers.keys().map(|timer| Fact::TimerFired { timer: timer.clone() });
    facts.extend(timers);
    if world.timers.is_empty() {
        facts.push(Fact::TimerFired { timer: TimerId("execution".to_owned()) });
    }
    facts.into_iter().map(|fact| (what(&fact), fact)).map(|(what, fact)| (fact, what)).collect()
}

fn what(fact: &Fact) -> String {
    let Fact::TimerFired { timer } = fact else { return name(fact).to_owned() };
    let kind = timer.as_str().split(['/', '@']).next().unwrap_or_default();
    format!("TimerFired ({kind})")
}

/// Everywhere that an execution can stand.
fn places() -> Vec<(&'static str, Value, World)> {
    [states_by_themselves(), states_with_states_inside(), ends()].into_iter().flatten().collect()
}

type Places = Vec<(&'static str, Value, World)>;

/// An execution of the definition, brought to the place by `reach`.
fn place(places: &mut Places, name: &'static str, start: (Value, Value), reach: &dyn Fn(&mut World)) {
    let (definition, input) = start;
    let mut world = World::begin(&definition, input);
    reach(&mut world);
    places.push((name, definition, world));
}

fn named(name: &str, state: &Value) -> Value {
    json!({"StartAt": name, "States": {name: state}})
}

fn plain_task() -> Value {
    json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "End": true})
}

fn states_by_themselves() -> Places {
    let mut places = Vec::new();
    let mut place = |name, definition: Value, input: Value, reach: &dyn Fn(&mut World)| {
        place(&mut places, name, (definition, input), reach);
    };
    let called = |resource: &str, more: Value| {
        let mut fields =
            json!({"Resource": resource, "Parameters": {}, "TimeoutSeconds": 60, "HeartbeatSeconds": 9});
        fields.as_object_mut().expect("fields").extend(more.as_object().cloned().unwrap_or_default());
        one_task(&fields)
    };
    let graph = |state: &Value| named("S", state);
    let retry = json!([{"ErrorEquals": ["States.ALL"]}]);
    place("Not begun", graph(&plain_task()), json!({}), &|world| {
        (world.run, world.timers) = (Run::default(), Default::default());
    });
    let stop = json!([{"Variable": "$.stop", "IsPresent": true, "Next": "End"}]);
    let round = json!({
        "StartAt": "S",
        "States": {
            "S": {"Type": "Choice", "Choices": stop, "Default": "S"},
            "End": {"Type": "Succeed"},
        },
    });
    place("Between two states, when a decision has grown long", round, json!({}), &|_| {});
    let mut wait = graph(&json!({"Type": "Wait", "Seconds": 5, "End": true}));
    wait["TimeoutSeconds"] = 60.into();
    place("Wait, in an execution that may time out", wait, json!({}), &|_| {});
    let plain = "arn:aws:states:::sqs:sendMessage";
    place("Task, called", called(plain, json!({})), json!({}), &|_| {});
    let token = "arn:aws:states:::sqs:sendMessage.waitForTaskToken";
    place("Task that waits, called", called(token, json!({})), json!({}), &|_| {});
    place("Task that waits, answered", called(token, json!({})), json!({}), &|world| {
        world.submit(json!({}));
    });
    let activity = "arn:aws:states:us-east-1:000000000000:activity:a";
    place("Task, an activity that no worker has taken", called(activity, json!({})), json!({}), &|_| {});
    place("Task with Retry, called", called(plain, json!({"Retry": retry})), json!({}), &|_| {});
    place(
        "Task with Retry, to be called again",
        called(plain, json!({"Retry": retry})),
        json!({}),
        &|world| {
            world.fail("Broken", "why");
        },
    );
    let catch = json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]});
    place("Task with Catch, called", called(plain, catch), json!({}), &|_| {});
    places
}

fn states_with_states_inside() -> Places {
    let mut places = Vec::new();
    let mut place = |name, definition: Value, input: Value, reach: &dyn Fn(&mut World)| {
        place(&mut places, name, (definition, input), reach);
    };
    let graph = |state: &Value| named("S", state);
    let task = plain_task();
    let parallel =
        json!({"Type": "Parallel", "Branches": [named("A", &task), named("B", &task)], "End": true});
    place("Parallel, the fact being about one of two branches", graph(&parallel), json!({}), &|_| {});
    let mut again = parallel.clone();
    again["Retry"] = json!([{"ErrorEquals": ["States.ALL"]}]);
    place("Parallel with Retry, to begin again", graph(&again), json!({}), &|world| {
        world.fail("Broken", "why");
    });
    let map = json!({"Type": "Map", "MaxConcurrency": 2, "ItemProcessor": named("I", &task), "End": true});
    place("Map, the fact being about one of two iterations of three", graph(&map), json!([1, 2, 3]), &|_| {});
    let mut distributed = map.clone();
    distributed["ItemProcessor"]["ProcessorConfig"] =
        json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"});
    place("Map, distributed, its map run under way", graph(&distributed), json!([1, 2, 3]), &|_| {});
    places
}

fn ends() -> Places {
    let mut places = Vec::new();
    let mut place = |name, state: &Value, input: Value, reach: &dyn Fn(&mut World)| {
        place(&mut places, name, (named("S", state), input), reach);
    };
    let stop = |world: &mut World| drop(world.tell(&Fact::StopAsked { error: None, cause: None }));
    let task = plain_task();
    place("Over, well", &pass_end(), json!({}), &|_| {});
    place("Over, in a Fail", &json!({"Type": "Fail"}), json!({}), &|_| {});
    place("Over, stopped in a Wait", &json!({"Type": "Wait", "Seconds": 5, "End": true}), json!({}), &stop);
    place("Over, by a Task", &task, json!({}), &|world| drop(world.fail("Broken", "why")));
    let parallel =
        json!({"Type": "Parallel", "Branches": [named("A", &task), named("B", &pass_end())], "End": true});
    place("Over, by one of two branches of a Parallel", &parallel, json!({}), &|world| {
        world.fail("Broken", "why");
    });
    let mut map = json!({"Type": "Map", "ItemProcessor": named("I", &task), "End": true});
    place("Over, stopped in three iterations of a Map", &map, json!([1, 2, 3]), &stop);
    map["ItemProcessor"]["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"});
    place("Over, by a map run", &map, json!([1, 2, 3]), &|world| {
        let token = world.map_runs[0].token.clone();
        world.tell(&Fact::MapRunFailed { token, failure: Failure::new("Broken", "why") });
    });
    places
}

fn pass_end() -> Value {
    json!({"Type": "Pass", "End": true})
}
