//! Whole executions: each file in `tests/cases` is a rule, a machine, what the world says, and the history that follows.
//!
//! A new case is a file without `expect`; run with `TRAINYARD_RECORD=1` to have it filled in, and read it before it is
//! kept.

mod world;

use std::{fs, path::Path};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use trainyard_domain::Failure;
use trainyard_engine::{Fact, HistoryEvent, Outcome};
use world::World;

/// A case as its file has it.
#[derive(Serialize, Deserialize)]
struct Case {
    /// The rule behind it.
    rule: String,
    definition: Value,
    #[serde(default)]
    input: Value,
    /// What the world says, in order.
    #[serde(default)]
    steps: Vec<Step>,
    expect: Option<Expect>,
}

/// One thing that the world says. Tasks are named by their states: the last call of that name is meant.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Step {
    /// A task ends well.
    Succeed { state: String, output: Value },
    /// A task ends badly.
    Fail { state: String, error: String, cause: String },
    /// A task's call was answered.
    Submit { state: String, response: Value },
    /// A worker takes an activity.
    Take { state: String, worker: Option<String> },
    /// A map run ends well.
    MapRun { state: String, output: Value },
    /// A map run ends badly.
    MapRunFails { state: String, error: String },
    /// So many timers fire.
    Wait(usize),
    /// Somebody stops it.
    Stop(String),
}

/// What follows.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Expect {
    outcome: Value,
    /// `id <- previous type`, and what is shown besides, without what is always so.
    events: Vec<String>,
    /// What nobody waits for any more, by state.
    cancelled: Vec<String>,
}

#[test]
fn each_case_goes_as_its_rule_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let record = std::env::var_os("TRAINYARD_RECORD").is_some();
    let (mut count, mut wrong) = (0, Vec::new());
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let mut case: Case = serde_json::from_str(&fs::read_to_string(&path).unwrap())
            .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let follows = play(&case);
        count += 1;
        match &case.expect {
            Some(expect) if *expect == follows => {}
            Some(expect) => {
                wrong.push(format!("{} ({}):\n{expect:#?}\n{follows:#?}", path.display(), case.rule))
            }
            None if record => {
                case.expect = Some(follows);
                fs::write(&path, serde_json::to_string_pretty(&case).unwrap() + "\n").unwrap();
            }
            None => wrong.push(format!("{} expects nothing", path.display())),
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 20, "{count} cases");
}

fn play(case: &Case) -> Expect {
    let mut world = World::begin(&case.definition, case.input.clone());
    for step in &case.steps {
        match step {
            Step::Wait(times) => (0..*times).for_each(|_| assert!(world.wait(), "no timer")),
            step => {
                let fact = fact(&world, step);
                world.tell(&fact);
            }
        }
    }
    // A decision that grew long goes on by itself.
    while world.finished.is_none() && world.timers.keys().any(|timer| timer.as_str() == "go-on") {
        world.wait();
    }
    let outcome = match &world.finished {
        None => json!("running"),
        Some(Outcome::Succeeded { output }) => json!({"output": output.value()}),
        Some(Outcome::Failed { failure }) => json!({"error": failure.error, "cause": failure.cause}),
        Some(Outcome::TimedOut) => json!("timed out"),
        Some(Outcome::Aborted { .. }) => json!("aborted"),
    };
    if world.finished.is_some() {
        assert!(world.timers.is_empty(), "{:?}", world.timers);
    }
    let cancelled = world.cancelled.iter().map(|token| state_of(&world, token)).collect();
    Expect { outcome, events: world.events.iter().map(line).collect(), cancelled }
}

fn fact(world: &World, step: &Step) -> Fact {
    let token = |state: &str| {
        let call = world.calls.iter().rev().find(|call| call.state_name == state);
        call.unwrap_or_else(|| panic!("{state} is not called")).token.clone()
    };
    let map_run = |state: &str| {
        let call = world.map_runs.iter().rev().find(|call| call.state_name == state);
        call.unwrap_or_else(|| panic!("{state} has no map run")).token.clone()
    };
    match step {
        Step::Succeed { state, output } => {
            Fact::TaskSucceeded { token: token(state), output: output.clone() }
        }
        Step::Fail { state, error, cause } => {
            Fact::TaskFailed { token: token(state), failure: Failure::new(error, cause) }
        }
        Step::Submit { state, response } => {
            Fact::TaskSubmitted { token: token(state), response: response.clone() }
        }
        Step::Take { state, worker } => Fact::TaskTaken { token: token(state), worker: worker.clone() },
        Step::MapRun { state, output } => {
            Fact::MapRunSucceeded { token: map_run(state), output: output.clone().into() }
        }
        Step::MapRunFails { state, error } => {
            Fact::MapRunFailed { token: map_run(state), failure: Failure::new(error, "") }
        }
        Step::Wait(_) => panic!("a timer has its own name"),
        Step::Stop(error) => Fact::StopAsked { error: Some(error.clone()), cause: None },
    }
}

fn state_of(world: &World, token: &str) -> String {
    let task = world.calls.iter().find(|call| call.token == token).map(|call| &call.state_name);
    let map_run = world.map_runs.iter().find(|call| call.token == token).map(|call| &call.state_name);
    task.or(map_run).expect("a call of ours").clone()
}

fn line(event: &HistoryEvent) -> String {
    let shown = event.to_aws();
    let details = shown.as_object().into_iter().flatten().find(|(name, _)| name.ends_with("EventDetails"));
    let mut line = format!("{} <- {} {}", event.id, event.previous, event.type_name());
    let mut rest: Map<String, Value> = details.and_then(|(_, d)| d.as_object().cloned()).unwrap_or_default();
    rest.retain(|name, _| !name.ends_with("Details") && !matches!(name.as_str(), "roleArn" | "mapRunArn"));
    for (name, value) in rest {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        line.push_str(&format!(" {name}={value}"));
    }
    line
}
