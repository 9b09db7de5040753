//! Crashes: whatever point they come at, the same history follows, and nothing is done twice.

use serde_json::{Value, json};

use super::world::{World, machine, task};
use crate::executions::{Answer, Status};

/// One of each way of calling, a retry, a gate.
fn definition() -> Value {
    let retry = json!([{"ErrorEquals": ["Desk.Full"], "IntervalSeconds": 1, "MaxAttempts": 3}]);
    machine(json!({
        "call": task("", json!({"Next": "job", "Retry": retry})),
        "job": task(".sync", json!({"Next": "gate"})),
        "gate": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.result.did", "StringEquals": "job", "Next": "ask"}],
        },
        "ask": task(".waitForTaskToken", json!({"Next": "wait", "TimeoutSeconds": 90_000_000})),
        "wait": {"Type": "Wait", "Seconds": 3, "Next": "last"},
        "last": task(".sync", json!({"End": true})),
    }))
}

/// Does what the world outside would do by now: ends jobs, answers, lets time pass.
async fn outside(world: &World) {
    for name in ["job", "last"] {
        for token in world.desk.begun(name) {
            world.desk.end_and_tell(&world.store, &token).await;
        }
    }
    for token in world.desk.begun("ask") {
        // Refused when it was answered before a crash.
        let _ = world.executions.answer(&super::world::root(), &token, Answer::Success("{}".into())).await;
    }
    world.pass(std::time::Duration::from_secs(20));
}

/// The history without what differs between any two executions: tokens and ids in parameters.
async fn story(world: &World, arn: &str) -> Vec<(Value, Value, Value)> {
    let history = world.history(arn).await;
    history.iter().map(|e| (e["id"].clone(), e["previousEventId"].clone(), e["type"].clone())).collect()
}

async fn undisturbed() -> Vec<(Value, Value, Value)> {
    let world = World::new().await;
    let arn = world.machine("m", &definition()).await;
    let execution = world.start(&arn, "x", &json!({})).await;
    let over = async || {
        outside(&world).await;
        let execution = world.executions.describe(&execution).await.unwrap();
        (execution.status != Status::Running).then_some(execution.status)
    };
    assert_eq!(world.until("the end", over).await, Status::Succeeded);
    story(&world, &execution).await
}

/// Crashes whenever `every` more commits were made.
async fn disturbed(every: u64, failures: u32) -> (World, String) {
    let mut world = World::new().await;
    world.desk.fail(failures);
    let arn = world.machine("m", &definition()).await;
    let execution = world.start(&arn, "x", &json!({})).await;
    let mut seen = world.store.stats().commits;
    for round in 0..100_000 {
        tokio::task::yield_now().await;
        if world.store.stats().commits >= seen + every {
            world = world.crash().await;
            seen = world.store.stats().commits;
        }
        if world.executions.describe(&execution).await.unwrap().status != Status::Running {
            return (world, execution);
        }
        if round % 16 == 0 {
            outside(&world).await;
        }
    }
    panic!("it never ends: {:?}", world.types(&execution).await);
}

#[tokio::test]
async fn a_crash_at_every_commit_changes_nothing() {
    let expect = undisturbed().await;
    for every in 1..=6 {
        let (world, execution) = disturbed(every, 0).await;
        assert_eq!(story(&world, &execution).await, expect, "crashed every {every} commits");
        for name in ["call", "job", "ask", "last"] {
            assert_eq!(world.desk.begun(name).len(), 1, "{name}, crashed every {every} commits");
        }
        assert_eq!(world.desk.cancelled(), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_retry_is_not_forgotten_by_a_crash() {
    let (world, execution) = disturbed(1, 2).await;
    assert_eq!(world.over(&execution).await.status, Status::Succeeded);
    let failed = world.types(&execution).await.iter().filter(|kind| *kind == "TaskFailed").count();
    assert_eq!((failed, world.desk.begun("call").len()), (2, 1));
}
