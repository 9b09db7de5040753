//! Executions from beginning to end.

use std::time::Duration;

use serde_json::{Value, json};
use trainyard_domain::Timestamp;
use trainyard_store::Changes;

use super::world::{World, machine, root, scope, task};
use crate::{
    audit,
    bus::{Entry, Patience, RuleSpec, RuleTarget, Shape},
    executions::{Answer, Direction, Error, StartSpec, Status},
    refusal::Refusal,
};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sequence_runs_to_its_end() {
    let world = World::new().await;
    let definition = machine(json!({
        "first": task("", json!({"Next": "gate"})),
        "gate": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.result.work", "StringEquals": "first", "Next": "second"}],
            "Default": "bad",
        },
        "bad": {"Type": "Fail", "Error": "Bad"},
        "second": task("", json!({"End": true})),
    }));
    let arn = world.machine("m", &definition).await;
    let before = world.store.stats();
    let execution = world.start(&arn, "x", &json!({"n": 1})).await;
    let ended = world.over(&execution).await;
    assert_eq!(ended.status, Status::Succeeded);
    let output: Value = serde_json::from_str(&ended.end.unwrap().output.unwrap()).unwrap();
    assert_eq!(output, json!({"n": 1, "result": {"work": "second"}}));
    let expect = "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted TaskSucceeded TaskStateExited \
        ChoiceStateEntered ChoiceStateExited \
        TaskStateEntered TaskScheduled TaskStarted TaskSucceeded TaskStateExited ExecutionSucceeded";
    assert_eq!(world.types(&execution).await.join(" "), expect);
    // One for the start, one for each task's answer with all that follows, one for each of the two events told.
    let commits = world.store.stats().commits - before.commits;
    assert!(commits <= 5, "{commits}");
    let all = (Timestamp(0), Timestamp(i64::MAX));
    let mut acts = audit::list(&world.store, &scope().account, all, None).await.unwrap().0;
    acts.retain(|act| act.resource == execution);
    assert_eq!(acts.len(), 2, "{acts:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_is_one_execution() {
    let world = World::new().await;
    let arn =
        world.machine("m", &machine(json!({"wait": {"Type": "Wait", "Seconds": 9, "End": true}}))).await;
    let execution = world.start(&arn, "x", &json!({"n": 1})).await;
    assert_eq!(world.start(&arn, "x", &json!({"n": 1})).await, execution);
    let spec = |input: &str| StartSpec {
        machine: arn.clone(),
        name: Some("x".into()),
        input: Some(input.to_owned()),
        ..StartSpec::default()
    };
    let other = world.executions.start(&root(), spec("{}")).await.unwrap_err();
    assert_eq!(other.to_string(), format!("Execution Already Exists: '{execution}'"));
    world.pass(Duration::from_secs(9));
    world.over(&execution).await;
    let same = world.executions.start(&root(), spec(r#"{"n":1}"#)).await.unwrap_err();
    assert_eq!(same.code(), "ExecutionAlreadyExists");
    let bad = StartSpec { name: None, ..spec("{") };
    assert_eq!(world.executions.start(&root(), bad).await.unwrap_err().code(), "InvalidExecutionInput");
    let none = StartSpec { machine: format!("{arn}x"), ..spec("{}") };
    assert_eq!(world.executions.start(&root(), none).await.unwrap_err().code(), "StateMachineDoesNotExist");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_at_once_are_one_execution_too() {
    let world = World::new().await;
    let arn = world.machine("m", &machine(json!({"a": task(".sync", json!({"End": true}))}))).await;
    let empty = json!({});
    let starts = (0..20).map(|_| world.start(&arn, "x", &empty));
    let arns = futures::future::join_all(starts).await;
    assert!(arns.iter().all(|arn| *arn == arns[0]));
    let token = world.work("a").await;
    world.desk.end_and_tell(&world.store, &token).await;
    world.over(&arns[0]).await;
    assert_eq!(world.desk.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_waited_for_by_its_news() {
    let world = World::new().await;
    let arn = world.machine("m", &machine(json!({"job": task(".sync", json!({"End": true}))}))).await;
    let execution = world.start(&arn, "x", &json!({})).await;
    let token = world.work("job").await;
    world.event(&execution, "TaskSubmitted").await;
    world.desk.end_and_tell(&world.store, &token).await;
    let output = world.over(&execution).await.end.unwrap().output.unwrap();
    assert_eq!(output, r#"{"result":{"did":"job"}}"#);
    let expect = "ExecutionStarted TaskStateEntered TaskScheduled TaskStarted TaskSubmitted TaskSucceeded \
        TaskStateExited ExecutionSucceeded";
    assert_eq!(world.types(&execution).await.join(" "), expect);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_whose_news_came_too_early_is_found_ended() {
    let world = World::new().await;
    world.desk.end_at_once();
    let arn = world.machine("m", &machine(json!({"job": task(".sync", json!({"End": true}))}))).await;
    let execution = world.start(&arn, "x", &json!({})).await;
    assert_eq!(world.over(&execution).await.status, Status::Succeeded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_job_is_ended_with_its_execution() {
    let world = World::new().await;
    let arn = world.machine("m", &machine(json!({"job": task(".sync", json!({"End": true}))}))).await;
    let execution = world.start(&arn, "x", &json!({})).await;
    world.event(&execution, "TaskSubmitted").await;
    let token = world.work("job").await;
    let said = (Some("Enough".to_owned()), Some("it takes too long".to_owned()));
    world.executions.stop(&root(), &execution, said.clone()).await.unwrap();
    let ended = world.over(&execution).await;
    assert_eq!(ended.status, Status::Aborted);
    let end = ended.end.unwrap();
    assert_eq!((end.error, end.cause), said);
    world.until("the job's end", async || world.desk.cancelled().contains(&token).then_some(())).await;
    // Stopping it again changes nothing.
    assert_eq!(world.executions.stop(&root(), &execution, (None, None)).await.unwrap(), end.at);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_task_that_takes_too_long_is_ended_and_caught() {
    let world = World::new().await;
    let catch = json!({
        "TimeoutSeconds": 30, "End": true,
        "Catch": [{"ErrorEquals": ["States.Timeout"], "Next": "late"}],
    });
    let definition = machine(json!({"job": task(".sync", catch), "late": {"Type": "Pass", "End": true}}));
    let arn = world.machine("m", &definition).await;
    let execution = world.start(&arn, "x", &json!({})).await;
    world.event(&execution, "TaskSubmitted").await;
    let token = world.work("job").await;
    world.pass(Duration::from_secs(30));
    assert_eq!(world.over(&execution).await.status, Status::Succeeded);
    world.until("the job's end", async || world.desk.cancelled().contains(&token).then_some(())).await;
    assert!(world.types(&execution).await.contains(&"TaskTimedOut".to_owned()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_failed_call_is_made_again_after_its_pause() {
    let world = World::new().await;
    world.desk.fail(1);
    let retry = json!({
        "End": true,
        "Retry": [{"ErrorEquals": ["Desk.Full"], "IntervalSeconds": 5, "MaxAttempts": 1}],
    });
    let arn = world.machine("m", &machine(json!({"job": task("", retry)}))).await;
    let execution = world.start(&arn, "x", &json!({})).await;
    world.event(&execution, "TaskFailed").await;
    assert_eq!(world.desk.count(), 0);
    world.pass(Duration::from_secs(5));
    assert_eq!(world.over(&execution).await.status, Status::Succeeded);
    assert_eq!(world.desk.count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_has_the_token_answers() {
    let world = World::new().await;
    let heartbeat = json!({"HeartbeatSeconds": 60, "End": true});
    let arn = world.machine("m", &machine(json!({"ask": task(".waitForTaskToken", heartbeat)}))).await;
    let execution = world.start(&arn, "x", &json!({})).await;
    let token = world.work("ask").await;
    let answer = async |answer: Answer| world.executions.answer(&root(), &token, answer).await;
    world.pass(Duration::from_secs(50));
    answer(Answer::Heartbeat).await.unwrap();
    world.pass(Duration::from_secs(50));
    let bad = answer(Answer::Success("{".into())).await.unwrap_err();
    assert_eq!(bad.code(), "InvalidOutput");
    answer(Answer::Success("{\"ok\":true}".into())).await.unwrap();
    assert_eq!(
        world.over(&execution).await.end.unwrap().output.as_deref(),
        Some(r#"{"result":{"ok":true}}"#)
    );
    let second = answer(Answer::Failure { error: None, cause: None }).await.unwrap_err();
    assert_eq!(second.code(), "TaskTimedOut");
    let forged = world.executions.answer(&root(), "forged", Answer::Heartbeat).await.unwrap_err();
    assert_eq!(forged.to_string(), "Invalid Token: 'Invalid token'");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn executions_and_histories_are_paged() {
    let world = World::new().await;
    let arn =
        world.machine("m", &machine(json!({"wait": {"Type": "Wait", "Seconds": 60, "End": true}}))).await;
    let other = world.machine("mm", &machine(json!({"p": {"Type": "Pass", "End": true}}))).await;
    world.start(&other, "elsewhere", &json!({})).await;
    for name in ["a", "b", "c"] {
        world.start(&arn, name, &json!({})).await;
        world.pass(Duration::from_secs(1));
    }
    let names = |page: &[crate::executions::Execution]| {
        page.iter().map(|e| e.name.clone()).collect::<Vec<_>>().join(" ")
    };
    let (page, next) = world.executions.list(&arn, None, 2, None).await.unwrap();
    assert_eq!(names(&page), "c b");
    let (page, next) = world.executions.list(&arn, None, 2, next).await.unwrap();
    assert_eq!((names(&page).as_str(), next), ("a", None));
    let b = format!("{}:b", arn.replace("stateMachine", "execution"));
    world.executions.stop(&root(), &b, (None, None)).await.unwrap();
    let (running, _) = world.executions.list(&arn, Some(Status::Running), 10, None).await.unwrap();
    let (aborted, _) = world.executions.list(&arn, Some(Status::Aborted), 10, None).await.unwrap();
    assert_eq!((names(&running).as_str(), names(&aborted).as_str()), ("c a", "b"));

    let history = async |direction, limit: usize| {
        let (mut ids, mut after) = (Vec::new(), None);
        loop {
            let page = world.executions.history(&b, direction, limit, after).await.unwrap();
            assert!(page.events.len() <= limit);
            ids.extend(page.events.iter().map(|event| event.id));
            after = page.next;
            if after.is_none() {
                return ids;
            }
        }
    };
    for limit in [1, 2, 3, 100] {
        assert_eq!(history(Direction::Forward, limit).await, [1, 2, 3], "{limit}");
        assert_eq!(history(Direction::Backward, limit).await, [3, 2, 1], "{limit}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_starts_one_execution_however_often_it_is_delivered() {
    let world = World::new().await;
    let arn = world.machine("m", &machine(json!({"p": {"Type": "Pass", "End": true}}))).await;
    let pattern = Some(json!({"source": ["app"]}).to_string());
    let rule = RuleSpec { name: "r".into(), pattern, ..RuleSpec::default() };
    world.bus.put_rule(&scope(), &root(), rule).await.unwrap();
    let target = RuleTarget {
        group: None,
        id: "t".into(),
        arn: arn.parse().unwrap(),
        role: Some("arn:aws:iam::000000000000:role/events".parse().unwrap()),
        shape: Shape::Part("$.detail".into()),
        patience: Patience::default(),
        letters: None,
        http: None,
    };
    world.bus.put_targets(&scope(), &root(), (None, "r"), vec![target]).await.unwrap();
    let entry = Entry {
        source: Some("app".into()),
        detail_type: Some("Push".into()),
        detail: Some("{\"n\":1}".into()),
        ..Entry::default()
    };
    let told = world.bus.put_events(&root(), &scope(), vec![entry.clone()], Some("seed")).await.unwrap();
    let event = told[0].clone().unwrap();
    let started = async || world.executions.list(&arn, None, 10, None).await.unwrap().0;
    let first = world.until("the execution", async || started().await.pop()).await;
    assert!(first.name.starts_with(&format!("{event}_")), "{}", first.name);
    assert_eq!((first.name.len(), first.input.as_str()), (73, "{\"n\":1}"));
    world.over(&first.arn().to_string()).await;
    // The same event again, and after it another one that shows that the first has passed.
    world.bus.put_events(&root(), &scope(), vec![entry.clone()], Some("seed")).await.unwrap();
    world.until("the bus", async || quiet(&world).await.then_some(())).await;
    assert_eq!(started().await.len(), 1);
    world.bus.put_events(&root(), &scope(), vec![entry], Some("other")).await.unwrap();
    world.until("the second execution", async || (started().await.len() == 2).then_some(())).await;
}

async fn quiet(world: &World) -> bool {
    for topic in ["events", "deliveries"] {
        if !world.store.lanes(topic).await.unwrap().is_empty() {
            return false;
        }
    }
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_history_that_cannot_be_read_stands_alone() {
    let world = World::new().await;
    let arn =
        world.machine("m", &machine(json!({"wait": {"Type": "Wait", "Seconds": 60, "End": true}}))).await;
    let sick = world.start(&arn, "sick", &json!({})).await;
    let well = world.start(&arn, "well", &json!({})).await;
    let mut changes = Changes::new();
    changes.append(&format!("execution/{sick}"), 3, &[json!({"id": 3, "what": "is this"})]).unwrap();
    world.store.commit(changes).await.unwrap();
    let world = world.crash().await;
    world.pass(Duration::from_secs(60));
    assert_eq!(world.over(&well).await.status, Status::Succeeded);
    let said = world.executions.stop(&root(), &sick, (None, None)).await.unwrap_err();
    assert!(matches!(said, Error::Poisoned { .. }) && said.to_string().contains(":sick"), "{said}");
    let shown = world.executions.describe(&sick).await.unwrap_err();
    assert!(shown.to_string().contains("event 3"), "{shown}");
    let (both, _) = world.executions.list(&arn, None, 10, None).await.unwrap();
    assert_eq!(both.len(), 2);
}
