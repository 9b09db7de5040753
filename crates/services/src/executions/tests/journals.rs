//! What executions log.

use serde_json::{Value, json};
use trainyard_store::{Changes, Expect, Noun};

use super::world::{World, machine, root, scope, spec};
use crate::{
    executions::{
        Logging, MachineSpec, Status,
        journal::{Cursor, Journal, Part},
    },
    logs::{EventsQuery, LogGroup, StreamsQuery},
    unreadable::spoil,
};

const GROUP: &str = "/machines/told";

pub(super) fn logging(level: &str, data: bool) -> Logging {
    let arn = format!("arn:aws:logs:us-east-1:000000000000:log-group:{GROUP}:*");
    let destination = json!({"cloudWatchLogsLogGroup": {"logGroupArn": arn}});
    let given = json!({"level": level, "includeExecutionData": data, "destinations": [destination]});
    serde_json::from_value(given).unwrap()
}

pub(super) async fn group(world: &World) {
    let group = LogGroup::new(&scope(), GROUP, trainyard_domain::Timestamp::default());
    world.logs.create_group(group).await.unwrap();
}

/// All that was logged, stream by stream.
pub(super) async fn logged(world: &World) -> Vec<Value> {
    messages(world).await.iter().map(|message| serde_json::from_str(message).unwrap()).collect()
}

/// The same as texts.
pub(super) async fn messages(world: &World) -> Vec<String> {
    let query = StreamsQuery { group: GROUP.to_owned(), limit: 50, ..StreamsQuery::default() };
    let streams = world.logs.streams(&scope(), query).await.unwrap().items;
    let mut found = Vec::new();
    for held in streams {
        let name = held.value.stream();
        let page = world.logs.events(&name, &EventsQuery { from_head: true, ..EventsQuery::default() }).await;
        found.extend(page.unwrap().events.into_iter().map(|event| event.message));
    }
    found
}

async fn types(level: &str, data: bool) -> Vec<Value> {
    let world = World::new().await;
    group(&world).await;
    let fails = machine(json!({
        "say": {"Type": "Pass", "Next": "stop"},
        "stop": {"Type": "Fail", "Error": "Done", "Cause": "enough"},
    }));
    let spec = MachineSpec { logging: logging(level, data), ..spec("m", &fails) };
    let made = world.executions.create_machine(&scope(), &root(), spec).await.unwrap();
    let execution = world.start(&made.machine.arn().to_string(), "x", &json!({"secret": 1})).await;
    assert_eq!(world.over(&execution).await.status, Status::Failed);
    let history = world.history(&execution).await.len();
    let enough = if level == "ALL" { history } else { 1 };
    world.until("the log", async || Some(logged(&world).await).filter(|all| all.len() >= enough)).await
}

#[tokio::test]
async fn each_level_has_its_events() {
    let of =
        |events: &[Value]| events.iter().map(|e| e["type"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let all = types("ALL", true).await;
    assert_eq!(
        of(&all),
        ["ExecutionStarted", "PassStateEntered", "PassStateExited", "FailStateEntered", "ExecutionFailed"]
    );
    assert_eq!(all[0]["details"]["input"], r#"{"secret":1}"#);
    assert_eq!((&all[4]["id"], &all[4]["previous_event_id"]), (&json!("5"), &json!("4")));
    let bare = types("ALL", false).await;
    assert!(!json!(bare).to_string().contains("secret"), "{bare:?}");
    assert_eq!(bare[4]["details"], json!({"error": "Done", "cause": "enough"}));
    assert_eq!(of(&types("ERROR", false).await), ["FailStateEntered", "ExecutionFailed"]);
    assert_eq!(of(&types("FATAL", false).await), ["ExecutionFailed"]);
}

#[tokio::test]
async fn the_group_must_be_there() {
    let world = World::new().await;
    let pass = machine(json!({"a": {"Type": "Pass", "End": true}}));
    let refused = async |logging: Logging| {
        let spec = MachineSpec { logging, ..spec("m", &pass) };
        world.executions.create_machine(&scope(), &root(), spec).await.unwrap_err().to_string()
    };
    let missing = "Invalid Logging Configuration: Log Destination not found.";
    assert_eq!(refused(logging("ALL", true)).await, missing);
    let nowhere = Logging { destinations: None, ..logging("ERROR", true) };
    let one = "Invalid Logging Configuration: Must specify exactly one Log Destination.";
    assert_eq!(refused(nowhere).await, one);
}

#[tokio::test]
async fn what_cannot_be_read_stops_no_log() {
    for cursor_is_whole in [true, false] {
        let world = World::new().await;
        group(&world).await;
        let pass = machine(json!({"go": {"Type": "Pass", "End": true}}));
        let spec = MachineSpec { logging: logging("ALL", false), ..spec("m", &pass) };
        let made = world.executions.create_machine(&scope(), &root(), spec).await.unwrap();
        let stream = Journal::of(&made.revision).unwrap().stream().clone();
        let part = Part { stream: stream.clone(), at: "0".to_owned(), lines: Vec::new() };
        let cursor = Cursor { stream, at: 0, parts: vec![part.id()] };
        spoil(&world.store, part).await;
        match cursor_is_whole {
            true => {
                let mut changes = Changes::new();
                changes.put(&cursor, Expect::Absent).unwrap();
                world.store.commit(changes).await.unwrap();
            }
            false => spoil(&world.store, cursor).await,
        }
        world.start(&made.machine.arn().to_string(), "x", &json!({})).await;
        let all = async || Some(logged(&world).await).filter(|all| all.len() == 4);
        world.until("the log", all).await;
    }
}
