//! Data that is larger than AWS takes: whole for who asks, and beside the store.

use std::{fs, path::PathBuf, time::Duration};

use serde_json::{Value, json};
use trainyard_store::Store;

use super::{
    journals,
    redrives::map_run,
    world::{World, machine, root, scope, spec, task, that_are},
};
use crate::executions::{
    Answer, Direction, Error, Execution, MachineSpec, StartSpec, Status, execution, pending::Pending,
};

const LIMIT: usize = 4 << 20;

fn large(letter: &str) -> Value {
    json!({"text": letter.repeat(1_000_000)})
}

fn as_text(data: &Value) -> String {
    data.to_string()
}

fn text(letter: &str) -> String {
    as_text(&large(letter))
}

/// A chain that hands on its input, asks, and hands on both.
fn chain() -> Value {
    machine(json!({
        "first": {"Type": "Pass", "Next": "ask"},
        "ask": task(".waitForTaskToken", json!({"Next": "last"})),
        "last": {"Type": "Pass", "End": true},
    }))
}

/// The files of the texts beside the store.
fn texts(world: &World) -> Vec<PathBuf> {
    let kept = world.folder.path().join("blobs/kept");
    let folders = fs::read_dir(kept).unwrap().map(|folder| folder.unwrap());
    let of_texts = folders.filter(|folder| folder.file_name().to_string_lossy().starts_with("texts."));
    of_texts
        .flat_map(|folder| fs::read_dir(folder.path()).unwrap())
        .map(|file| file.unwrap().path())
        .collect()
}

/// How many bytes the store itself has of the execution.
async fn weight(store: &Store, execution: &Execution) -> usize {
    let document = store.weigh::<Execution>(&execution.scope.to_string()).await.unwrap().1;
    let records = store.history(&execution::history(&execution.arn()), 1, 1000).await.unwrap();
    usize::try_from(document).unwrap() + records.iter().map(|(_, record)| record.len()).sum::<usize>()
}

fn output(execution: &Execution) -> Value {
    serde_json::from_str(execution.end.as_ref().unwrap().output.as_ref().unwrap()).unwrap()
}

/// An execution of the chain that waits for its answer, and the token.
async fn asked(world: &World, input: &Value) -> (String, String) {
    let arn = world.machine("m", &chain()).await;
    let execution = world.start(&arn, "x", input).await;
    let token = world.work("ask").await;
    world.event(&execution, "TaskSubmitted").await;
    (execution, token)
}

#[tokio::test]
async fn a_chain_hands_on_a_megabyte_over_a_restart() {
    let world = World::taking(LIMIT).await;
    let (arn, token) = asked(&world, &large("x")).await;
    let world = world.crash().await;
    world.executions.answer(&root(), &token, Answer::Success(large("y").to_string())).await.unwrap();
    let over = world.over(&arn).await;
    let both = json!({"text": large("x")["text"], "result": large("y")});
    assert!(output(&over) == both && over.input == text("x"));
    // The input, the answer, and both together: each once.
    assert_eq!(texts(&world).len(), 3);
    let bytes = weight(&world.store, &over).await;
    assert!(bytes < 10_000, "{bytes}");
    let world = world.crash().await;
    let history = world.history(&arn).await;
    assert!(history[0]["executionStartedEventDetails"]["input"] == text("x"));
    assert!(history.last().unwrap()["executionSucceededEventDetails"]["output"] == as_text(&both));
    let page = world.executions.history(&arn, Direction::Backward, 1000, None).await.unwrap();
    assert!(page.next.is_some() && page.events.len() < history.len(), "a page does not grow for ever");
    let listed = world.executions.list(&over.machine_arn().to_string(), None, 10, None).await.unwrap().0;
    assert_eq!((listed[0].status, listed[0].input.as_str()), (Status::Succeeded, ""));
    let picture = world.executions.picture(&root(), &arn, Some(4)).await.unwrap();
    assert!(picture.standings[0].input.as_ref() == Some(&text("x")));
    // Also where less is taken than it was made with.
    let world = world.crash_and_take(262_144).await;
    let replayed = world.executions.replay(&root(), &arn, &chain().to_string()).await.unwrap();
    assert_eq!((replayed.difference, replayed.same), (None, history.len() as u64));
}

#[tokio::test]
async fn calls_have_large_parameters_and_results() {
    let mut world = World::taking(LIMIT).await;
    let parameters = json!({"Parameters": {"name.$": "$$.State.Name", "all.$": "$"}, "ResultPath": "$.did"});
    let with = |suffix: &str, next: Value| {
        let mut state = task(suffix, parameters.clone());
        state.as_object_mut().unwrap().extend(next.as_object().unwrap().clone());
        state
    };
    let definition = machine(json!({
        "plain": with("", json!({"Next": "sync"})),
        "sync": with(".sync", json!({"End": true})),
    }));
    let arn = world.machine("m", &definition).await;
    let execution = world.start(&arn, "x", &large("x")).await;
    world.event(&execution, "TaskSubmitted").await;
    world = world.crash().await;
    let token = world.work("sync").await;
    let pending = world.store.get::<Pending>("", &token).await.unwrap().unwrap().value;
    assert!(pending.call.parameters["all"]["text"] == large("x")["text"]);
    assert!(world.store.weigh::<Pending>("").await.unwrap().1 < 10_000);
    world.desk.end_and_tell(&world.store, &token).await;
    let over = world.over(&execution).await;
    assert_eq!((over.status, &output(&over)["did"]), (Status::Succeeded, &json!({"did": "sync"})));
    assert!(weight(&world.store, &over).await < 20_000);
}

#[tokio::test]
async fn a_worker_gets_the_whole_task() {
    let world = World::taking(LIMIT).await;
    let made = world.executions.create_activity(&scope(), &root(), "sew".into(), Default::default()).await;
    let activity = made.unwrap().arn().to_string();
    let sew = json!({"Type": "Task", "Resource": activity, "End": true});
    let arn = world.machine("m", &machine(json!({"sew": sew}))).await;
    let execution = world.start(&arn, "x", &large("x")).await;
    let world = world.crash().await;
    let handed = world.executions.next_activity_task(&root(), &activity, None).await.unwrap().unwrap();
    assert!(handed.input() == text("x"));
    let token = handed.token().to_owned();
    // It did not get away.
    drop(handed);
    let handed = world.executions.next_activity_task(&root(), &activity, None).await.unwrap().unwrap();
    assert!(handed.token() == token && handed.input() == text("x"));
    handed.delivered();
    world.executions.answer(&root(), &token, Answer::Success(large("y").to_string())).await.unwrap();
    assert!(output(&world.over(&execution).await) == large("y"));
}

#[tokio::test]
async fn children_are_given_and_give_large_data() {
    let world = World::taking(LIMIT).await;
    let map = json!({
        "Type": "Map",
        "Label": "Each",
        "MaxConcurrency": 1,
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "ask",
            "States": {"ask": task(".waitForTaskToken", json!({"End": true, "ResultPath": null}))},
        },
        "End": true,
    });
    let arn = world.machine("m", &machine(json!({"Map": map}))).await;
    let execution = world.start(&arn, "x", &json!([large("x"), large("y")])).await;
    let first = world.work("ask").await;
    let world = world.crash().await;
    world.executions.answer(&root(), &first, Answer::Success("1".into())).await.unwrap();
    let second = async || world.desk.begun("ask").into_iter().find(|token| *token != first);
    let second = world.until("the second child", second).await;
    let answered = async || {
        let answer = Answer::Success("2".into());
        world.executions.answer(&root(), &second, answer).await.ok()
    };
    world.until("the second answer", answered).await;
    let over = world.over(&execution).await;
    assert_eq!(over.status, Status::Succeeded, "{:?}", over.end.as_ref().map(|end| &end.cause));
    assert!(output(&over) == json!([large("x"), large("y")]));
    let run = map_run(&world, &execution).await;
    let children = world.children(&run, that_are(Status::Succeeded)).await;
    assert_eq!((children.len(), children[0].input.as_str()), (2, ""), "a list has no large data");
    let child = world.executions.describe(&children[0].arn().to_string()).await.unwrap();
    assert!(child.input == text("y"));
    assert!(weight(&world.store, &over).await < 20_000);
}

#[tokio::test]
async fn a_redrive_goes_on_with_large_data() {
    let world = World::taking(LIMIT).await;
    let (execution, token) = asked(&world, &large("x")).await;
    let failure = Answer::Failure { error: Some("No".into()), cause: None };
    world.executions.answer(&root(), &token, failure).await.unwrap();
    assert_eq!(world.over(&execution).await.status, Status::Failed);
    let world = world.crash().await;
    world.executions.redrive(&root(), &execution, None).await.unwrap();
    let again = async || world.desk.begun("ask").into_iter().find(|other| *other != token);
    let again = world.until("the second call", again).await;
    let answered =
        async || world.executions.answer(&root(), &again, Answer::Success(large("y").to_string())).await.ok();
    world.until("the answer", answered).await;
    let over = world.over(&execution).await;
    assert!(output(&over)["result"] == large("y") && output(&over)["text"] == large("x")["text"]);
}

#[tokio::test]
async fn a_text_that_is_lost_or_damaged_stops_its_execution_and_no_other() {
    for lost in [true, false] {
        let world = World::taking(LIMIT).await;
        let (execution, token) = asked(&world, &large("x")).await;
        for text in texts(&world) {
            let mut bytes = fs::read(&text).unwrap();
            bytes[500_000] ^= 1;
            if lost { fs::remove_file(text).unwrap() } else { fs::write(text, bytes).unwrap() }
        }
        let world = world.crash().await;
        for _ in 0..2 {
            let error = world.executions.describe(&execution).await.unwrap_err();
            assert!(matches!(&error, Error::Poisoned { .. }), "{error}");
            let answered = world.executions.answer(&root(), &token, Answer::Success("1".into())).await;
            assert!(matches!(&answered, Err(Error::Poisoned { .. })), "{answered:?}");
            let stopped = world.executions.stop(&root(), &execution, (None, None)).await;
            assert!(matches!(&stopped, Err(Error::Poisoned { .. })), "{stopped:?}");
        }
        assert!(world.store.stats().damaged >= 1, "it is reported");
        let machine = execution.replace(":execution:", ":stateMachine:");
        let machine = machine.rsplit_once(':').unwrap().0;
        let listed = world.executions.list(machine, None, 10, None).await.unwrap().0;
        assert_eq!(listed.len(), 1, "a list looks at no text");
        let other = world.start(machine, "y", &json!({})).await;
        let begun = async || world.desk.begun("ask").into_iter().find(|other| *other != token);
        let other_token = world.until("other work", begun).await;
        let answered =
            async || world.executions.answer(&root(), &other_token, Answer::Success("1".into())).await.ok();
        world.until("the answer", answered).await;
        assert_eq!(world.over(&other).await.status, Status::Succeeded);
    }
}

#[tokio::test]
async fn a_limit_that_is_lowered_is_that_of_what_comes() {
    let world = World::taking(LIMIT).await;
    let alone = json!({"ask": task(".waitForTaskToken", json!({"End": true, "ResultPath": "$"}))});
    let arn = world.machine("alone", &machine(alone)).await;
    let execution = world.start(&arn, "x", &large("x")).await;
    let token = world.work("ask").await;
    world.event(&execution, "TaskSubmitted").await;
    let world = world.crash_and_take(500_000).await;
    assert!(world.executions.describe(&execution).await.unwrap().input == text("x"));
    let spec = StartSpec { machine: arn, input: Some(large("x").to_string()), ..StartSpec::default() };
    let error = world.executions.start(&root(), spec).await.unwrap_err();
    assert!(error.to_string().ends_with("less than or equal to 500000"), "{error}");
    let answer = |answer: &Value| Answer::Success(answer.to_string());
    let refused = world.executions.answer(&root(), &token, answer(&large("y"))).await;
    assert!(matches!(refused, Err(Error::InvalidOutput(_))));
    world.executions.answer(&root(), &token, answer(&json!(1))).await.unwrap();
    assert_eq!(world.over(&execution).await.status, Status::Succeeded);
    assert!(world.history(&execution).await[0]["executionStartedEventDetails"]["input"] == text("x"));
}

#[tokio::test]
async fn what_is_handed_on_again_is_judged_by_the_lower_limit() {
    let world = World::taking(LIMIT).await;
    let (execution, token) = asked(&world, &large("x")).await;
    let world = world.crash_and_take(262_144).await;
    world.executions.answer(&root(), &token, Answer::Success("1".into())).await.unwrap();
    let end = world.over(&execution).await.end.unwrap();
    assert_eq!(end.error.as_deref(), Some("States.DataLimitExceeded"));
}

#[tokio::test]
async fn where_nothing_is_said_the_limit_is_awss() {
    let world = World::new().await;
    let (execution, token) = asked(&world, &json!("x".repeat(262_142))).await;
    let machine = execution.replace(":execution:", ":stateMachine:");
    let machine = machine.rsplit_once(':').unwrap().0.to_owned();
    let input = json!("x".repeat(262_143)).to_string();
    let spec = StartSpec { machine, input: Some(input.clone()), ..StartSpec::default() };
    let error = world.executions.start(&root(), spec).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have length less \
         than or equal to 262144"
    );
    let error = world.executions.answer(&root(), &token, Answer::Success(input)).await.unwrap_err();
    assert_eq!(error.to_string(), "Invalid Output: 'the output has more than 262144 bytes'");
    let fits = json!("y".repeat(262_142)).to_string();
    world.executions.answer(&root(), &token, Answer::Success(fits)).await.unwrap();
    assert_eq!(
        world.over(&execution).await.end.unwrap().error.as_deref(),
        Some("States.ResultPathMatchFailure")
    );
    assert_eq!(texts(&world), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn what_is_logged_of_large_data_is_as_long_as_a_message_may_be() {
    let world = World::taking(LIMIT).await;
    journals::group(&world).await;
    let spec = MachineSpec { logging: journals::logging("ALL", true), ..spec("m", &chain()) };
    let made = world.executions.create_machine(&scope(), &root(), spec).await.unwrap();
    let execution = world.start(&made.machine.arn().to_string(), "x", &large("x")).await;
    let token = world.work("ask").await;
    world.event(&execution, "TaskSubmitted").await;
    world.executions.answer(&root(), &token, Answer::Success("1".into())).await.unwrap();
    assert_eq!(world.over(&execution).await.status, Status::Succeeded);
    // A page of them is none too long either.
    let some = async || Some(journals::messages(&world).await).filter(|all| !all.is_empty());
    let messages = world.until("the log", some).await;
    assert!(messages[0].len() < 262_144 && messages[0].contains("xxx"), "{}", messages[0].len());
}

#[tokio::test]
async fn only_what_nothing_names_is_swept() {
    let world = World::taking(LIMIT).await;
    let (execution, token) = asked(&world, &large("x")).await;
    let stray = json!({"text": "z".repeat(400_000)}).to_string();
    let mut changes = trainyard_store::Changes::new();
    // The history does not end there: as if the server had ended between blob and commit.
    changes.append(&format!("execution/{execution}"), 99, &[stray]).unwrap();
    assert!(world.store.commit(changes).await.is_err());
    assert_eq!(texts(&world).len(), 2);
    assert_eq!(world.store.sweep(Duration::ZERO).await.unwrap(), 1);
    let world = world.crash().await;
    world.executions.answer(&root(), &token, Answer::Success("1".into())).await.unwrap();
    assert_eq!(world.over(&execution).await.status, Status::Succeeded);
    assert_eq!(world.store.sweep(Duration::ZERO).await.unwrap(), 0);
}
