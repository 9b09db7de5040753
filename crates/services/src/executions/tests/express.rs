//! Express executions: in memory, seen in their log only.

use serde_json::{Value, json};

use super::{
    journals::{group, logged, logging},
    world::{World, machine, root, scope, spec, task},
};
use crate::executions::{Error, Execution, MachineSpec, MachineType, StartSpec, Status};

async fn made(world: &World, name: &str, states: Value) -> String {
    let spec = MachineSpec {
        kind: MachineType::Express,
        logging: logging("ALL", true),
        ..spec(name, &machine(states))
    };
    world.executions.create_machine(&scope(), &root(), spec).await.unwrap().machine.arn().to_string()
}

fn asked(machine: &str, input: &Value) -> StartSpec {
    StartSpec { machine: machine.to_owned(), input: Some(input.to_string()), ..StartSpec::default() }
}

async fn run(world: &World, machine: &str, input: &Value) -> Execution {
    world.executions.start_sync(&root(), asked(machine, input)).await.unwrap().0
}

#[tokio::test]
async fn who_waits_is_told_the_end() {
    let world = World::new().await;
    group(&world).await;
    let arn = made(&world, "quick", json!({"work": task("", json!({"End": true}))})).await;
    let commits = world.store.stats().commits;
    let (ended, billed) = world.executions.start_sync(&root(), asked(&arn, &json!({"n": 1}))).await.unwrap();
    assert_eq!(ended.status, Status::Succeeded);
    let output: Value = serde_json::from_str(ended.end.as_ref().unwrap().output.as_ref().unwrap()).unwrap();
    assert_eq!(output, json!({"n": 1, "result": {"work": "work"}}));
    assert!(ended.arn().to_string().contains(":express:quick:"), "{}", ended.arn());
    assert_eq!((billed.milliseconds, billed.megabytes), (100, 64));
    // One for its stream of logs, and none for what it did.
    assert_eq!(world.store.stats().commits - commits, 1);
    assert_eq!(run(&world, &arn, &json!({})).await.status, Status::Succeeded);
    assert_eq!(world.store.stats().commits - commits, 1);
}

#[tokio::test]
async fn failures_are_caught_or_told() {
    let world = World::new().await;
    group(&world).await;
    let catch = json!([{"ErrorEquals": ["Desk.Full"], "ResultPath": null, "Next": "after"}]);
    let states = json!({
        "work": task("", json!({"Next": "after", "Catch": catch})),
        "after": task("", json!({"End": true})),
    });
    let arn = made(&world, "fails", states).await;
    world.desk.fail(1);
    assert_eq!(run(&world, &arn, &json!({})).await.status, Status::Succeeded);
    world.desk.fail(2);
    let ended = run(&world, &arn, &json!({})).await;
    let end = ended.end.unwrap();
    assert_eq!((ended.status, end.error.as_deref()), (Status::Failed, Some("Desk.Full")));
}

#[tokio::test]
async fn a_started_one_is_seen_in_its_log_only() {
    let world = World::new().await;
    group(&world).await;
    let arn = made(&world, "alone", json!({"a": {"Type": "Pass", "Result": 7, "End": true}})).await;
    let begun = world.executions.start(&root(), asked(&arn, &json!({}))).await.unwrap().arn().to_string();
    let last = world
        .until("the end in the log", async || {
            logged(&world).await.into_iter().find(|event| event["type"] == "ExecutionSucceeded")
        })
        .await;
    assert_eq!((last["execution_arn"].as_str(), last["id"].as_str()), (Some(begun.as_str()), Some("4")));
    assert_eq!(last["details"]["output"], "7");
    let refused = world.executions.describe(&begun).await.unwrap_err().to_string();
    assert_eq!(refused, "Invalid Arn: 'Resource type not valid in this context: express'");
    let listed = world.executions.list(&arn, None, 10, None).await;
    assert!(matches!(listed, Err(Error::MachineType)), "{listed:?}");
}

#[tokio::test]
async fn standard_machines_are_not_waited_for() {
    let world = World::new().await;
    let arn = world.machine("slow", &machine(json!({"a": {"Type": "Pass", "End": true}}))).await;
    let refused = world.executions.start_sync(&root(), asked(&arn, &json!({}))).await;
    assert!(matches!(refused, Err(Error::MachineType)), "{refused:?}");
}
