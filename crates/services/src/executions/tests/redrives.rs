//! Redriving: an execution goes on from where it stood, and so does its map run; once, however often it is asked.

use std::time::Duration;

use serde_json::{Value, json};
use trainyard_domain::Principal;

use super::world::{World, machine, root, task, that_are};
use crate::{
    executions::{Answer, ChildFilter, Error, MapRun, Redrivable, Status},
    refusal::Refusal,
};

fn two_tasks() -> Value {
    machine(json!({
        "first": task("", json!({"Next": "ask"})),
        "ask": task(".waitForTaskToken", json!({"End": true})),
    }))
}

async fn fail(world: &World, token: &str) {
    let answer = Answer::Failure { error: Some("No".into()), cause: Some("not now".into()) };
    world.executions.answer(&root(), token, answer).await.unwrap();
}

async fn failed(world: &World) -> String {
    let arn = world.machine("m", &two_tasks()).await;
    let execution = world.start(&arn, "x", &json!({})).await;
    fail(world, &world.work("ask").await).await;
    assert_eq!(world.over(&execution).await.status, Status::Failed);
    execution
}

/// Waits until work of this name was begun once more than under these tokens; says the new one.
async fn begun(world: &World, name: &str, known: &[String]) -> String {
    let look = async || world.desk.begun(name).into_iter().find(|token| !known.contains(token));
    world.until(name, look).await
}

#[tokio::test]
async fn an_execution_goes_on_from_the_failed_state() {
    let world = World::new().await;
    let execution = failed(&world).await;
    let before = world.executions.describe(&execution).await.unwrap();
    assert_eq!(world.executions.redrivable(&before).await.unwrap(), Redrivable::Yes);
    world.pass(Duration::from_secs(60));
    let known = world.desk.begun("ask");
    let date = world.executions.redrive(&root(), &execution, None).await.unwrap();
    let now = world.executions.describe(&execution).await.unwrap();
    assert_eq!((now.status, now.end.is_none(), now.started), (Status::Running, true, before.started));
    assert_eq!((now.redrives.count, now.redrives.last), (1, Some(date)));
    let token = begun(&world, "ask", &known).await;
    let answer = Answer::Success(r#"{"late":true}"#.into());
    assert!(world.executions.answer(&root(), &known[0], answer.clone()).await.is_err(), "the attempt before");
    let world = world.crash().await;
    world.executions.answer(&root(), &token, answer).await.unwrap();
    let ended = world.over(&execution).await;
    assert_eq!(ended.status, Status::Succeeded);
    assert_eq!((ended.redrives.count, world.desk.begun("first").len()), (1, 1));
    let types = world.types(&execution).await;
    let expect = ["ExecutionFailed", "ExecutionRedriven", "TaskScheduled", "TaskStarted", "TaskSubmitted"];
    let at = types.iter().position(|kind| kind == "ExecutionRedriven").unwrap();
    assert_eq!(types[at - 1..at + 4], expect);
    let error = world.executions.redrive(&root(), &execution, None).await.unwrap_err();
    assert_eq!(error.code(), "ExecutionNotRedrivable");
    assert_eq!(error.to_string(), "Execution is SUCCEEDED and cannot be redriven");
}

#[tokio::test]
async fn a_client_token_redrives_once() {
    let world = World::new().await;
    let execution = failed(&world).await;
    let redrive = |token: &str| {
        let (token, arn, executions) = (token.to_owned(), execution.clone(), world.executions.clone());
        async move { executions.redrive(&root(), &arn, Some(token)).await }
    };
    let known = world.desk.begun("ask");
    let date = redrive("a").await.unwrap();
    world.pass(Duration::from_secs(60));
    assert_eq!(redrive("a").await.unwrap(), date);
    assert_eq!(redrive("b").await.unwrap_err().to_string(), "Execution is RUNNING and cannot be redriven");
    fail(&world, &begun(&world, "ask", &known).await).await;
    assert_eq!(world.over(&execution).await.redrives.count, 1);
    assert_eq!(redrive("a").await.unwrap(), date, "it was done, though it has failed again");
    assert!(redrive("b").await.unwrap() > date);
}

#[tokio::test]
async fn asked_many_times_at_once_it_is_redriven_once() {
    let world = World::new().await;
    let execution = failed(&world).await;
    let by = root();
    let asks = (0..20).map(|_| world.executions.redrive(&by, &execution, None));
    let done = futures::future::join_all(asks).await;
    assert_eq!(done.iter().filter(|done| done.is_ok()).count(), 1);
    let redriven = world.types(&execution).await;
    assert_eq!(redriven.iter().filter(|kind| *kind == "ExecutionRedriven").count(), 1);
}

#[tokio::test]
async fn what_ended_long_ago_or_is_deleted_stays_as_it_is() {
    let world = World::new().await;
    let execution = failed(&world).await;
    world.pass(Duration::from_secs(14 * 24 * 3600 + 1));
    let error = world.executions.redrive(&root(), &execution, None).await.unwrap_err();
    assert_eq!(error.to_string(), "Execution redrivable period exceeded");
    let missing = world.executions.redrive(&root(), &format!("{execution}x"), None).await.unwrap_err();
    assert!(matches!(missing, Error::NoExecution(_)), "{missing}");
    let other = World::new().await;
    let execution = failed(&other).await;
    let arn = other.executions.describe(&execution).await.unwrap().machine_arn();
    other.executions.delete_machine(&root(), &arn.to_string()).await.unwrap();
    let error = other.executions.redrive(&root(), &execution, None).await.unwrap_err();
    assert_eq!(error.to_string(), "State machine is in DELETING status");
}

#[tokio::test]
async fn an_execution_may_fail_again_at_once() {
    let world = World::new().await;
    let arn = world.machine("m", &machine(json!({"no": {"Type": "Fail", "Error": "No"}}))).await;
    let execution = world.start(&arn, "x", &json!({})).await;
    for count in 1..=3 {
        world.executions.redrive(&root(), &execution, None).await.unwrap();
        let ended = world.over(&execution).await;
        assert_eq!((ended.status, ended.redrives.count), (Status::Failed, count));
    }
    let types = world.types(&execution).await;
    assert_eq!(types.iter().filter(|kind| *kind == "FailStateEntered").count(), 4);
}

fn each(kind: &str, more: Value) -> Value {
    let mut map = json!({
        "Type": "Map",
        "Label": "Each",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": kind},
            "StartAt": "once",
            "States": {
                "once": task("", json!({"Next": "look"})),
                "look": {
                    "Type": "Choice",
                    "Choices": [{"Variable": "$.hard", "BooleanEquals": true, "Next": "work"}],
                    "Default": "fine",
                },
                "fine": {"Type": "Succeed"},
                "work": task("", json!({"End": true, "ResultPath": null})),
            },
        },
        "End": true,
    });
    for (name, value) in more.as_object().unwrap() {
        map[name] = value.clone();
    }
    machine(json!({"Map": map}))
}

pub(super) async fn map_run(world: &World, execution: &str) -> MapRun {
    let mut runs = world.executions.list_map_runs(execution, 10, None).await.unwrap().0;
    assert_eq!(runs.len(), 1);
    runs.remove(0)
}

/// A map run of which two of four children fail.
pub(super) async fn half_failed(world: &World, kind: &str) -> String {
    world.desk.refuse("work", true);
    let arn = world.machine("m", &each(kind, json!({"ToleratedFailureCount": 1, "MaxConcurrency": 1}))).await;
    let items = json!([{"hard": true}, {"hard": false}, {"hard": true}, {"hard": false}]);
    let execution = world.start(&arn, "x", &items).await;
    assert_eq!(world.over(&execution).await.status, Status::Failed);
    world.desk.refuse("work", false);
    execution
}

#[tokio::test]
async fn only_children_that_failed_go_on_in_the_same_map_run() {
    let world = World::new().await;
    let execution = half_failed(&world, "STANDARD").await;
    let before = map_run(&world, &execution).await;
    let bad = world.children(&before, that_are(Status::Failed)).await;
    let arn = bad[0].arn().to_string();
    assert_eq!(world.executions.redrivable(&bad[0]).await.unwrap(), Redrivable::ByMapRun);
    assert_eq!(
        world.executions.redrive(&root(), &arn, None).await.unwrap_err().code(),
        "ExecutionNotRedrivable"
    );
    let once = world.desk.begun("once").len();
    let begun = before.executions.ended();
    world.executions.redrive(&root(), &execution, None).await.unwrap();
    let ended = world.over(&execution).await;
    assert_eq!(ended.status, Status::Succeeded, "{:?}", ended.end);
    let types = world.types(&execution).await;
    assert!(types.contains(&"MapRunRedriven".to_owned()), "{types:?}");
    let run = map_run(&world, &execution).await;
    assert_eq!((run.arn.clone(), run.redrives, run.executions.succeeded), (before.arn, 1, 4));
    assert_eq!((run.executions.failed, run.executions.waiting.total(), run.items.succeeded), (0, 0, 4));
    // What was not begun yet has begun; nothing that was done is done again.
    let new = usize::try_from(4 - begun).unwrap();
    assert_eq!(world.desk.begun("once").len(), once + new);
    let redriven = ChildFilter { redriven: Some(true), ..ChildFilter::default() };
    assert_eq!(world.children(&run, redriven).await.len(), bad.len());
    let history = world.types(&arn).await;
    assert!(history.contains(&"ExecutionRedriven".to_owned()), "{history:?}");
    let output: Value = serde_json::from_str(ended.end.unwrap().output.as_ref().unwrap()).unwrap();
    assert_eq!(output.as_array().unwrap().len(), 4);
}

#[tokio::test]
async fn express_children_begin_anew() {
    let world = World::new().await;
    let execution = half_failed(&world, "EXPRESS").await;
    let before = map_run(&world, &execution).await;
    let failed = usize::try_from(before.executions.failed).unwrap();
    let (once, begun) = (world.desk.begun("once").len(), before.executions.ended());
    world.executions.redrive(&root(), &execution, None).await.unwrap();
    assert_eq!(world.over(&execution).await.status, Status::Succeeded);
    let run = map_run(&world, &execution).await;
    assert_eq!((run.executions.succeeded, run.executions.failed), (4, 0));
    let new = usize::try_from(4 - begun).unwrap();
    assert_eq!(world.desk.begun("once").len(), once + failed + new, "they begin with their first state");
}

#[tokio::test]
async fn a_map_run_that_fails_again_can_be_redriven_again() {
    let world = World::new().await;
    let execution = half_failed(&world, "STANDARD").await;
    world.desk.refuse("work", true);
    world.executions.redrive(&root(), &execution, None).await.unwrap();
    let again = world.over(&execution).await;
    assert_eq!(again.end.unwrap().error.as_deref(), Some("States.ExceedToleratedFailureThreshold"));
    world.desk.refuse("work", false);
    world.executions.redrive(&root(), &execution, None).await.unwrap();
    assert_eq!(world.over(&execution).await.status, Status::Succeeded);
    assert_eq!(map_run(&world, &execution).await.redrives, 2);
}

#[tokio::test]
async fn a_stopped_map_run_goes_on_when_its_execution_does() {
    let world = World::new().await;
    let states = json!({"work": task(".sync", json!({"End": true, "ResultPath": null}))});
    let mut definition = each("STANDARD", json!({"MaxConcurrency": 2}));
    definition["States"]["Map"]["ItemProcessor"]["StartAt"] = json!("work");
    definition["States"]["Map"]["ItemProcessor"]["States"] = states;
    let arn = world.machine("m", &definition).await;
    let execution = world.start(&arn, "x", &json!([{}, {}, {}])).await;
    world.until("work", async || (world.desk.count() == 2).then_some(())).await;
    world.executions.stop(&root(), &execution, (None, None)).await.unwrap();
    // Whether or not the map run has come to its end meanwhile.
    world.executions.redrive(&root(), &execution, None).await.unwrap();
    let over = async || {
        for token in world.desk.begun("work") {
            world.desk.end_and_tell(&world.store, &token).await;
        }
        let execution = world.executions.describe(&execution).await.unwrap();
        (execution.status != Status::Running).then_some(execution)
    };
    let ended = world.until("the end", over).await;
    assert_eq!(ended.status, Status::Succeeded, "{:?}", ended.end);
    let run = map_run(&world, &execution).await;
    assert_eq!((run.redrives, run.executions.succeeded, run.executions.aborted), (1, 3, 0));
}

#[tokio::test]
async fn a_crash_at_every_commit_changes_nothing() {
    for every in 1..=4 {
        let mut world = World::new().await;
        let execution = half_failed(&world, "STANDARD").await;
        world.executions.redrive(&root(), &execution, None).await.unwrap();
        let mut seen = world.store.stats().commits;
        for _ in 0..100_000 {
            tokio::task::yield_now().await;
            if world.store.stats().commits >= seen + every {
                world = world.crash().await;
                seen = world.store.stats().commits;
            }
            if world.executions.describe(&execution).await.unwrap().status != Status::Running {
                break;
            }
            world.pass(Duration::from_secs(1));
        }
        assert_eq!(world.over(&execution).await.status, Status::Succeeded, "crashed every {every} commits");
        let run = map_run(&world, &execution).await;
        assert_eq!((run.redrives, run.executions.succeeded, run.executions.running), (1, 4, 0));
        for (name, count) in [("once", 4), ("work", 2)] {
            assert_eq!(world.desk.begun(name).len(), count, "{name}, crashed every {every} commits");
        }
    }
}

#[tokio::test]
async fn nobody_looks_at_or_redrives_what_another_account_has() {
    let world = World::new().await;
    let execution = failed(&world).await;
    let theirs = Principal { account: "222222222222".parse().unwrap(), ..root() };
    let missing = |error: Error| assert!(matches!(error, Error::NoExecution(_)), "{error}");
    missing(world.executions.redrive(&theirs, &execution, None).await.unwrap_err());
    missing(world.executions.picture(&theirs, &execution, None).await.unwrap_err());
    let definition = two_tasks().to_string();
    missing(world.executions.replay(&theirs, &execution, &definition).await.unwrap_err());
    let replayed = world.executions.replay(&root(), &execution, &definition).await.unwrap();
    assert_eq!((replayed.difference, replayed.same), (None, world.types(&execution).await.len() as u64));
    let picture = world.executions.picture(&root(), &execution, None).await.unwrap();
    assert_eq!((picture.over, picture.standings[0].state.as_deref()), (true, Some("ask")));
}
