//! Map runs: children are executions of their own, no more at a time than may, each once, whatever happens.

use std::{io::Write, time::Duration};

use bytes::Bytes;
use futures::{StreamExt, stream};
use serde_json::{Value, json};
use trainyard_domain::{Arn, Principal, principal::Lineage};

use super::world::{World, machine, root, scope, task, that_are};
use crate::{
    artifacts::Place,
    executions::{ChildFilter, Execution, Limits, MapRun, MapRunStatus, Status},
};

fn distributed(states: Value, more: Value) -> Value {
    let first = states.as_object().unwrap().keys().next().unwrap().clone();
    let mut map = json!({
        "Type": "Map",
        "Label": "Each",
        "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": first,
            "States": states,
        },
        "End": true,
    });
    for (name, value) in more.as_object().unwrap() {
        map[name] = value.clone();
    }
    machine(json!({"Map": map}))
}

fn work(more: Value) -> Value {
    distributed(json!({"work": task(".sync", json!({"End": true, "ResultPath": null}))}), more)
}

async fn begin(world: &World, definition: &Value, input: &Value) -> String {
    let arn = world.machine("m", definition).await;
    world.start(&arn, "x", input).await
}

async fn map_run(world: &World, execution: &str) -> MapRun {
    let look = async || world.executions.list_map_runs(execution, 10, None).await.unwrap().0.pop();
    world.until("the map run", look).await
}

/// Waits until so much work was begun in all.
async fn begun(world: &World, count: usize) {
    world.until("work", async || (world.desk.count() >= count).then_some(())).await;
}

async fn end_all(world: &World) {
    for token in world.desk.begun("work") {
        world.desk.end_and_tell(&world.store, &token).await;
    }
}

async fn ended(world: &World, execution: &str) -> MapRun {
    let run = map_run(world, execution).await.arn.to_string();
    let look = async || {
        let run = world.executions.describe_map_run(&run).await.unwrap();
        (run.status != MapRunStatus::Running).then_some(run)
    };
    world.until("the end of the map run", look).await
}

fn writer() -> Principal {
    let arn: Arn = "arn:aws:iam::000000000000:user/writer".parse().unwrap();
    Principal { arn, lineage: Lineage::default(), ..root() }
}

async fn put(world: &World, place: &Place, bytes: impl Into<Vec<u8>>) {
    let body = Box::pin(stream::iter([Ok(Bytes::from(bytes.into()))]));
    world.artifacts.store(&writer(), place, body, "text/plain").await.unwrap();
}

async fn fetch(world: &World, key: &str) -> Value {
    let place = Place::new("bucket", key);
    let (_, bytes) = world.artifacts.fetch(&root().account, &place).await.unwrap();
    let chunks: Vec<Bytes> = bytes.map(Result::unwrap).collect().await;
    serde_json::from_slice(&chunks.concat()).unwrap()
}

async fn bucket(world: &World) {
    world.artifacts.create_bucket(&scope(), "bucket").await.unwrap();
}

fn output(execution: &Execution) -> Value {
    serde_json::from_str(execution.end.as_ref().unwrap().output.as_ref().unwrap()).unwrap()
}

#[tokio::test]
async fn children_are_executions_and_their_outputs_the_result() {
    let world = World::new().await;
    let pass = json!({"Go": {"Type": "Pass", "End": true}});
    let selector = json!({"at.$": "$$.Map.Item.Index", "is.$": "$$.Map.Item.Value"});
    let definition = distributed(pass, json!({"ItemSelector": selector, "MaxConcurrency": 1}));
    let execution = begin(&world, &definition, &json!(["a", "b", "c"])).await;
    let over = world.over(&execution).await;
    let expect = json!([{"at": 0, "is": "a"}, {"at": 1, "is": "b"}, {"at": 2, "is": "c"}]);
    assert_eq!(output(&over), expect);
    let run = ended(&world, &execution).await;
    assert_eq!(
        (run.status, run.executions.succeeded, run.executions.pending()),
        (MapRunStatus::Succeeded, 3, 0)
    );
    let listed = world.children(&run, that_are(Status::Succeeded)).await;
    let arn = listed[0].arn().to_string();
    assert!(arn.contains(":execution:m/Each:") && listed[0].machine_arn().to_string().ends_with("m/Each"));
    assert_eq!(world.executions.describe(&arn).await.unwrap(), listed[0]);
    assert_eq!(world.types(&arn).await.last().unwrap(), "ExecutionSucceeded");
    let (of_machine, _) =
        world.executions.list(&world.machine("m", &definition).await, None, 9, None).await.unwrap();
    assert_eq!(of_machine.len(), 1, "children are not among the machine's own executions");
}

#[tokio::test]
async fn no_more_children_run_than_may() {
    let world = World::new().await;
    let items: Vec<u32> = (0..9).collect();
    let execution = begin(&world, &work(json!({"MaxConcurrency": 2})), &json!(items)).await;
    for round in 1..=4 {
        begun(&world, 2 * round).await;
        let run = map_run(&world, &execution).await;
        assert_eq!(world.children(&run, that_are(Status::Running)).await.len(), 2);
        assert_eq!(world.desk.count(), 2 * round);
        end_all(&world).await;
    }
    begun(&world, 9).await;
    end_all(&world).await;
    assert_eq!(output(&world.over(&execution).await), json!(items));
}

#[tokio::test]
async fn the_limits_of_a_map_run_can_be_changed_while_it_runs() {
    let world = World::new().await;
    let execution = begin(&world, &work(json!({"MaxConcurrency": 1})), &json!([1, 2, 3, 4])).await;
    begun(&world, 1).await;
    let run = map_run(&world, &execution).await.arn.to_string();
    let limits = Limits { concurrency: Some(3), tolerated_count: Some(1), tolerated_percentage: None };
    world.executions.update_map_run(&root(), &run, limits).await.unwrap();
    begun(&world, 3).await;
    let now = world.executions.describe_map_run(&run).await.unwrap();
    assert_eq!((now.concurrency, now.tolerated_count), (3, Some(1)));
    assert!(world.executions.update_map_run(&root(), &run, Limits::default()).await.is_err());
    end_all(&world).await;
    begun(&world, 4).await;
    end_all(&world).await;
    assert_eq!(world.over(&execution).await.status, Status::Succeeded);
    assert!(world.executions.update_map_run(&root(), &run, limits).await.is_err(), "it is over");
}

/// Fails for odd items; even ones wait for the desk.
fn odd_ones_fail(more: Value) -> Value {
    let states = json!({
        "Look": {
            "Type": "Choice",
            "Choices": [{"Variable": "$.odd", "BooleanEquals": true, "Next": "Odd"}],
            "Default": "work",
        },
        "Odd": {"Type": "Fail", "Error": "Odd.Item", "Cause": "it is odd"},
        "work": task(".sync", json!({"End": true, "ResultPath": null})),
    });
    distributed(states, more)
}

#[tokio::test]
async fn failures_beyond_the_threshold_end_it_and_what_still_runs() {
    let world = World::new().await;
    let items = json!([{"odd": false}, {"odd": true}, {"odd": false}]);
    let execution = begin(&world, &odd_ones_fail(json!({})), &items).await;
    let over = world.over(&execution).await;
    let end = over.end.unwrap();
    assert_eq!(end.error.as_deref(), Some("States.ExceedToleratedFailureThreshold"));
    assert_eq!(end.cause.as_deref(), Some("The specified tolerated failure threshold was exceeded"));
    let types = world.types(&execution).await;
    let kinds = ["MapStateEntered", "MapStateStarted", "MapRunStarted", "MapRunFailed", "MapStateFailed"];
    assert_eq!(types[1..6], kinds);
    let run = ended(&world, &execution).await;
    assert_eq!((run.status, run.executions.failed, run.executions.running), (MapRunStatus::Failed, 1, 0));
    assert_eq!(run.executions.ended() + run.executions.pending(), 3);
}

#[tokio::test]
async fn tolerated_failures_are_told_among_the_results() {
    let world = World::new().await;
    let items = json!([{"odd": true}, {"odd": true}]);
    let definition = odd_ones_fail(json!({"ToleratedFailurePercentage": 100}));
    let execution = begin(&world, &definition, &items).await;
    let result = output(&world.over(&execution).await);
    assert_eq!((&result[1]["Error"], &result[1]["Status"]), (&json!("Odd.Item"), &json!("FAILED")));
    assert_eq!(ended(&world, &execution).await.status, MapRunStatus::Succeeded);
}

#[tokio::test]
async fn a_map_run_stops_with_its_execution() {
    let world = World::new().await;
    let execution = begin(&world, &work(json!({"MaxConcurrency": 2})), &json!([1, 2, 3, 4])).await;
    begun(&world, 2).await;
    world.executions.stop(&root(), &execution, (None, None)).await.unwrap();
    let run = ended(&world, &execution).await;
    assert_eq!(run.status, MapRunStatus::Aborted);
    assert_eq!((run.executions.aborted, run.executions.running, run.executions.pending()), (2, 0, 2));
    assert_eq!(world.children(&run, that_are(Status::Aborted)).await.len(), 2);
    world.until("cancelled work", async || (world.desk.cancelled().len() == 2).then_some(())).await;
}

#[tokio::test]
async fn items_come_from_s3_and_results_go_there() {
    let world = World::new().await;
    bucket(&world).await;
    put(&world, &Place::new("bucket", "in.csv"), "name;odd\na;1\nb;2\nc;3\n").await;
    let states = json!({"Pass": {"Type": "Pass", "End": true}});
    let definition = distributed(
        states,
        json!({
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject",
                "ReaderConfig": {
                    "InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW", "CSVDelimiter": "SEMICOLON",
                },
                "Parameters": {"Bucket": "bucket", "Key.$": "$.key"},
            },
            "ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"key.$": "$.key"}},
            "ResultWriter": {
                "Resource": "arn:aws:states:::s3:putObject",
                "Parameters": {"Bucket": "bucket", "Prefix": "out"},
            },
        }),
    );
    let execution = begin(&world, &definition, &json!({"key": "in.csv"})).await;
    let result = output(&world.over(&execution).await);
    let key = result["ResultWriterDetails"]["Key"].as_str().unwrap();
    assert!(key.starts_with("out/") && key.ends_with("/manifest.json"), "{key}");
    let manifest = fetch(&world, key).await;
    assert_eq!(manifest["MapRunArn"], result["MapRunArn"]);
    let written = fetch(&world, manifest["ResultFiles"]["SUCCEEDED"][0]["Key"].as_str().unwrap()).await;
    let inputs: Vec<&str> =
        written.as_array().unwrap().iter().map(|e| e["Input"].as_str().unwrap()).collect();
    let expect = [
        r#"{"BatchInput":{"key":"in.csv"},"Items":[{"name":"a","odd":"1"},{"name":"b","odd":"2"}]}"#,
        r#"{"BatchInput":{"key":"in.csv"},"Items":[{"name":"c","odd":"3"}]}"#,
    ];
    assert_eq!(inputs, expect);
    let run = ended(&world, &execution).await;
    assert_eq!((run.items.succeeded, run.executions.succeeded), (3, 2));
}

/// The items of a Map that reads them so.
async fn read(world: &World, reader: Value, name: &str) -> Value {
    let states = json!({"Pass": {"Type": "Pass", "End": true}});
    let machine = world.machine(name, &distributed(states, json!({"ItemReader": reader}))).await;
    output(&world.over(&world.start(&machine, "x", &json!({})).await).await)
}

#[tokio::test]
async fn listings_and_inventories_give_items() {
    let world = World::new().await;
    bucket(&world).await;
    for (key, text) in [("a/1.jsonl", "1\n2\n"), ("a/2.jsonl", "3\n"), ("b/3.jsonl", "4\n")] {
        put(&world, &Place::new("bucket", key), text).await;
    }
    let listing = |config: Value| {
        json!({
            "Resource": "arn:aws:states:::s3:listObjectsV2",
            "ReaderConfig": config,
            "Parameters": {"Bucket": "bucket", "Prefix": "a/"},
        })
    };
    let objects = read(&world, listing(json!({})), "list").await;
    assert_eq!(
        (&objects[0]["Key"], &objects[1]["Size"], objects.as_array().unwrap().len()),
        (&json!("a/1.jsonl"), &json!(2), 2)
    );
    let flat = json!({"Transformation": "LOAD_AND_FLATTEN", "InputType": "JSONL"});
    assert_eq!(read(&world, listing(flat), "flat").await, json!([1, 2, 3]));
    let first = json!({"MaxItems": 1});
    assert_eq!(read(&world, listing(first), "first").await.as_array().unwrap().len(), 1);

    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(b"\"bucket\",\"a/1.jsonl\"\n\"bucket\",\"a/2.jsonl\"\n").unwrap();
    put(&world, &Place::new("bucket", "lists/1.csv.gz"), packed.finish().unwrap()).await;
    let manifest = json!({
        "destinationBucket": "arn:aws:s3:::bucket", "fileFormat": "CSV", "fileSchema": "Bucket, Key",
        "files": [{"key": "lists/1.csv.gz"}],
    });
    put(&world, &Place::new("bucket", "manifest.json"), manifest.to_string()).await;
    let inventory = json!({
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "MANIFEST"},
        "Parameters": {"Bucket": "bucket", "Key": "manifest.json"},
    });
    let expect = json!([{"Bucket": "bucket", "Key": "a/1.jsonl"}, {"Bucket": "bucket", "Key": "a/2.jsonl"}]);
    assert_eq!(read(&world, inventory, "inventory").await, expect);
}

#[tokio::test]
async fn what_stopped_leaves_files_of_what_did_not_succeed() {
    let world = World::new().await;
    bucket(&world).await;
    let write = json!({
        "MaxConcurrency": 1,
        "ResultWriter": {
            "Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "bucket", "Prefix": "out"},
        },
    });
    let items = json!([{"odd": true}, {"odd": true}, {"odd": true}]);
    let execution = begin(&world, &odd_ones_fail(write), &items).await;
    assert_eq!(world.over(&execution).await.status, Status::Failed);
    let run = ended(&world, &execution).await;
    let id = run.arn.to_string().rsplit(':').next().unwrap().to_owned();
    let manifest = fetch(&world, &format!("out/{id}/manifest.json")).await;
    assert_eq!(manifest["ResultFiles"]["SUCCEEDED"], json!([]));
    let failed = fetch(&world, &format!("out/{id}/FAILED_0.json")).await;
    assert_eq!(
        (failed[0]["Error"].as_str(), failed[0]["Status"].as_str()),
        (Some("Odd.Item"), Some("FAILED"))
    );
    let count = failed.as_array().unwrap().len();
    if count < 3 {
        let pending = fetch(&world, &format!("out/{id}/PENDING_0.json")).await;
        assert_eq!(pending.as_array().unwrap().len(), 3 - count);
        assert_eq!(pending[0]["Input"], "{\"odd\":true}");
    }
}

async fn check_refused(more: Value, error: &str, cause: &str) {
    let world = World::new().await;
    bucket(&world).await;
    put(&world, &Place::new("bucket", "map.json"), "{\"a\": 1}").await;
    let states = json!({"Pass": {"Type": "Pass", "End": true}});
    let execution = begin(&world, &distributed(states, more), &json!([1])).await;
    let end = world.over(&execution).await.end.unwrap();
    assert_eq!(end.error.as_deref(), Some(error));
    assert!(end.cause.as_ref().unwrap().contains(cause), "{:?}", end.cause);
    let run = ended(&world, &execution).await;
    assert_eq!((run.status, run.executions.begun()), (MapRunStatus::Failed, 0));
}

fn reader(key: &str) -> Value {
    json!({"ItemReader": {
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Parameters": {"Bucket": "bucket", "Key": key},
    }})
}

#[tokio::test]
async fn what_cannot_be_read_or_written_fails_by_name() {
    check_refused(reader("none"), "States.ItemReaderFailed", "The specified key does not exist.").await;
    check_refused(reader("map.json"), "States.ItemReaderFailed", "Attempting to map over non-iterable node.")
        .await;
    let nowhere = json!({"ResultWriter": {
        "Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "nowhere", "Prefix": "p"},
    }});
    check_refused(nowhere, "States.ResultWriterFailed", "The specified bucket does not exist").await;
    let batch = json!({"ItemBatcher": {"MaxInputBytesPerBatch": 5}});
    check_refused(batch, "States.DataLimitExceeded", "larger than a batch of 5 bytes").await;
}

/// The members of an object are items too, and each item knows where it comes from.
#[tokio::test]
async fn members_of_objects_are_items() {
    let gives = async |more: Value, input: &Value, expect: Value| {
        let world = World::new().await;
        bucket(&world).await;
        put(&world, &Place::new("bucket", "in/list.json"), "[7]").await;
        let definition = distributed(json!({"Go": {"Type": "Pass", "End": true}}), more);
        let execution = begin(&world, &definition, input).await;
        assert_eq!(output(&world.over(&execution).await), expect);
    };
    let members = json!({"b": 2, "a": {"x": 1}});
    let pairs = json!([{"Key": "b", "Value": 2}, {"Key": "a", "Value": {"x": 1}}]);
    gives(json!({}), &members, pairs).await;
    let selector = json!({"item.$": "$$.Map.Item"});
    let items = json!([
        {"item": {"Index": 0, "Key": "b", "Value": 2, "Source": "STATE_DATA"}},
        {"item": {"Index": 1, "Key": "a", "Value": {"x": 1}, "Source": "STATE_DATA"}},
    ]);
    gives(json!({"ItemSelector": selector}), &members, items).await;
    let reader = json!({
        "Resource": "arn:aws:states:::s3:getObject",
        "ReaderConfig": {"InputType": "JSON"},
        "Parameters": {"Bucket": "bucket", "Key": "in/list.json"},
    });
    let item = json!({"Index": 0, "Value": 7, "Source": "S3://bucket/in/list.json"});
    let read = json!({"ItemReader": reader, "ItemSelector": selector});
    gives(read, &json!({}), json!([{"item": item}])).await;
}

#[tokio::test]
async fn map_runs_within_children() {
    let world = World::new().await;
    let inner = distributed(json!({"Pass": {"Type": "Pass", "End": true}}), json!({"Label": "Inner"}));
    let states = json!({"Within": inner["States"]["Map"]});
    let execution = begin(&world, &distributed(states, json!({})), &json!([[1, 2], [3]])).await;
    assert_eq!(output(&world.over(&execution).await), json!([[1, 2], [3]]));
    let run = ended(&world, &execution).await;
    let child = world.children(&run, ChildFilter::default()).await[0].arn().to_string();
    let inner = map_run(&world, &child).await;
    assert!(inner.arn.to_string().contains(":mapRun:m/Inner:"), "{}", inner.arn);
}

#[tokio::test]
async fn a_crash_loses_no_child_and_begins_none_twice() {
    for every in [1, 2, 3] {
        let mut world = World::new().await;
        let items: Vec<u32> = (0..6).collect();
        let execution = begin(&world, &work(json!({"MaxConcurrency": 3})), &json!(items)).await;
        let mut crashes = 0;
        let over = loop {
            let commits = world.store.stats().commits;
            let step = async || {
                end_all(&world).await;
                let over = world.executions.describe(&execution).await.unwrap();
                let done = over.status != Status::Running;
                (done || world.store.stats().commits >= commits + every).then_some(over)
            };
            let seen = world.until("progress", step).await;
            if seen.status != Status::Running {
                break seen;
            }
            world = world.crash().await;
            world.pass(Duration::from_secs(60));
            crashes += 1;
        };
        assert!(crashes * every > 5, "only {crashes} crashes");
        assert_eq!(output(&over), json!(items));
        assert_eq!(world.desk.count(), items.len(), "each child's work is begun once");
        let run = ended(&world, &execution).await;
        assert_eq!((run.executions.succeeded, run.items.succeeded, run.executions.total), (6, 6, 6));
    }
}
