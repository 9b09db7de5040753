//! States that are tried by themselves: from what is asked to what is shown.

use serde_json::{Value, json};

use super::world::{World, root, scope, spec};
use crate::executions::{Configuration, Error, ErrorDetails, Mock, MockFailure, Rigour, TestSpec, Tested};

async fn tried_in(world: &World, state: &Value, change: impl FnOnce(&mut TestSpec)) -> Result<Tested, Error> {
    let mut spec = TestSpec { definition: state.to_string(), ..TestSpec::default() };
    change(&mut spec);
    world.executions.test_state(&scope(), &root(), spec).await
}

async fn tried(state: &Value, change: impl FnOnce(&mut TestSpec)) -> Result<Tested, Error> {
    tried_in(&World::new().await, state, change).await
}

fn result(text: &str) -> Option<Mock> {
    Some(Mock { result: Some(text.to_owned()), failure: None, rigour: Rigour::Strict })
}

fn failure(error: &str) -> Option<Mock> {
    let failure = MockFailure { error: Some(error.to_owned()), cause: None };
    Some(Mock { result: None, failure: Some(failure), rigour: Rigour::Strict })
}

/// A distributed Map that reads its items.
fn reading(config: Value) -> Value {
    let processor = json!({"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
        "StartAt": "Inner", "States": {"Inner": {"Type": "Pass", "End": true}}});
    let reader = json!({"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config,
        "Parameters": {"Bucket": "b", "Key": "k"}});
    json!({"Type": "Map", "ItemReader": reader, "ItemProcessor": processor, "End": true,
        "ItemSelector": {"n.$": "$$.Map.Item.Index", "it.$": "$$.Map.Item.Value"}})
}

#[tokio::test]
async fn what_a_reader_has_read_is_gone_through() {
    let list = json!({"InputType": "JSON", "ItemsPointer": "/deep/list", "MaxItems": 2});
    let lines = json!({"InputType": "JSONL"});
    let rows = json!({"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a"]});
    for (config, data, items, pointed) in [
        (list, r#"{"deep": {"list": [5, 6, 7]}}"#, r#"[{"n":0,"it":5},{"n":1,"it":6}]"#, Some("[5,6,7]")),
        (lines, "{\"a\": 1}\n\n{\"a\": 2}\n", r#"[{"n":0,"it":{"a":1}},{"n":1,"it":{"a":2}}]"#, None),
        (rows, "1\n2\n", r#"[{"n":0,"it":{"a":"1"}},{"n":1,"it":{"a":"2"}}]"#, None),
    ] {
        let state = reading(config);
        let tested = tried(&state, |spec| {
            spec.mock = result("[]");
            spec.configuration.reader_data = Some(data.to_owned());
        });
        let shown = tested.await.unwrap().inspection;
        assert_eq!(shown.texts.get("afterItemSelector").map(String::as_str), Some(items));
        assert_eq!(shown.texts.get("afterItemsPointer").map(String::as_str), pointed);
        assert_eq!((shown.concurrency, shown.tolerated_count), (Some(0), None));
    }
}

#[tokio::test]
async fn what_a_reader_cannot_have_read_is_refused() {
    for (config, data) in [
        (json!({"InputType": "JSON"}), "{}"),
        (json!({"InputType": "JSON"}), "["),
        (json!({"InputType": "JSON", "ItemsPointer": "/list"}), r#"{"lists": []}"#),
        (json!({"InputType": "JSONL"}), "{\n"),
    ] {
        let state = reading(config);
        let refused = tried(&state, |spec| {
            spec.mock = result("[]");
            spec.configuration.reader_data = Some(data.to_owned());
        });
        let said = refused.await.unwrap_err().to_string();
        assert!(said.starts_with("mapItemReaderData cannot be read: "), "{said}");
    }
}

#[tokio::test]
async fn items_are_put_together_as_the_batcher_says() {
    let mut state = reading(json!({"InputType": "JSON"}));
    state["ItemBatcher"] = json!({"MaxItemsPerBatch": 2, "BatchInput": {"to.$": "$.to"}});
    state["ItemSelector"] = json!({"v.$": "$$.Map.Item.Value"});
    let failed = async |count| {
        tried(&state, |spec| {
            spec.input = Some(r#"{"to": "us"}"#.to_owned());
            spec.mock = result("[]");
            spec.configuration.reader_data = Some("[1, 2, 3]".to_owned());
            spec.configuration.failed_iterations = Some(count);
        })
        .await
    };
    let batches = r#"[{"BatchInput":{"to":"us"},"Items":[{"v":1},{"v":2}]},{"BatchInput":{"to":"us"},"Items":[{"v":3}]}]"#;
    let shown = failed(0).await.unwrap().inspection;
    assert_eq!(shown.texts.get("afterItemBatcher").map(String::as_str), Some(batches));
    assert!(failed(2).await.is_ok());
    assert!(failed(3).await.is_err(), "there are two batches");
    let much = tried(&state, |spec| {
        spec.input = Some(json!({"to": "u".repeat(100_000)}).to_string());
        spec.mock = result("[]");
        spec.configuration.reader_data = Some("[1, 2, 3, 4, 5, 6]".to_owned());
    });
    assert_eq!(much.await.unwrap().error.as_deref(), Some("States.DataLimitExceeded"));
}

#[tokio::test]
async fn iterations_may_fail_as_often_as_the_map_tolerates() {
    let state = json!({"Type": "Map", "ToleratedFailureCount": 1, "End": true,
        "ItemProcessor": reading(json!({}))["ItemProcessor"],
        "Retry": [{"ErrorEquals": ["States.ExceedToleratedFailureThreshold"], "MaxDelaySeconds": 5}]});
    let failed = async |count| {
        tried(&state, |spec| {
            spec.input = Some("[1, 2, 3]".to_owned());
            spec.mock = result("[true, false, true]");
            spec.configuration.failed_iterations = Some(count);
        })
        .await
    };
    let well = failed(1).await.unwrap();
    assert_eq!((well.status, well.output.as_deref()), ("SUCCEEDED", Some("[true, false, true]")));
    let badly = failed(2).await.unwrap();
    assert_eq!(badly.status, "RETRIABLE");
    assert_eq!(badly.error.as_deref(), Some("States.ExceedToleratedFailureThreshold"));
    let details = ErrorDetails { retrier: Some(0), backoff: Some(1), catcher: None };
    assert_eq!(badly.inspection.error_details, Some(details));
    assert!(failed(4).await.unwrap_err().to_string().contains("number of Map iterations"));
}

#[tokio::test]
async fn what_is_said_of_the_inside_is_about_a_state_that_has_one() {
    let task =
        json!({"Type": "Task", "Resource": "arn:aws:states:::desk:work", "Parameters": {}, "End": true});
    let inside =
        |name: &str| Configuration { error_caused_by: Some(name.to_owned()), ..Configuration::default() };
    let map = reading(json!({"InputType": "JSON"}));
    for (state, configuration, taken) in [
        (&map, inside("Inner"), true),
        (&map, inside("Outer"), false),
        (&task, inside("Inner"), false),
        (&task, Configuration { failed_iterations: Some(0), ..Configuration::default() }, false),
        (&task, Configuration { retries: Some(2), ..Configuration::default() }, true),
    ] {
        let tested = tried(state, |spec| {
            spec.mock = failure("Boom");
            spec.configuration = configuration.clone();
        });
        assert_eq!(tested.await.is_ok(), taken, "{configuration:?}");
    }
}

#[tokio::test]
async fn a_task_without_a_mock_is_called_once_and_nothing_is_kept() {
    let world = World::new().await;
    let state = json!({"Type": "Task", "Resource": "arn:aws:states:::desk:work", "Parameters": {"name": "now"},
        "Catch": [{"ErrorEquals": ["Desk.Full"], "Next": "Later"}], "End": true});
    let role = spec("m", &state).role;
    let with_role = |spec: &mut TestSpec| spec.role = Some(role.clone());
    let tested = tried_in(&world, &state, with_role).await.unwrap();
    assert_eq!((tested.status, tested.output.as_deref()), ("SUCCEEDED", Some(r#"{"work":"now"}"#)));
    assert_eq!(world.desk.begun("now").len(), 1);
    world.desk.fail(1);
    let tested = tried_in(&world, &state, with_role).await.unwrap();
    assert_eq!((tested.status, tested.next.as_deref()), ("CAUGHT_ERROR", Some("Later")));
    assert_eq!(
        (tested.error.as_deref(), tested.cause.as_deref()),
        (Some("Desk.Full"), Some("come back later"))
    );
    assert!(matches!(tried_in(&world, &state, |_| {}).await, Err(Error::Invalid(_))), "no role");
    assert_eq!(world.desk.count(), 1);
    let machines = world.executions.list_machines(&scope(), 10, None).await.unwrap();
    assert!(machines.0.is_empty(), "nothing was made");
}

#[tokio::test]
async fn what_aws_knows_and_is_not_built_can_be_mocked() {
    let mut state = json!({"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:kms:listKeys", "End": true,
        "Parameters": {}});
    let tested = tried(&state, |spec| spec.mock = result("{}")).await.unwrap();
    assert_eq!(tested.status, "SUCCEEDED");
    state["Resource"] = json!("arn:aws:states:::aws-sdk:kms:makeKeys");
    let refused = tried(&state, |spec| spec.mock = result("{}")).await.unwrap_err().to_string();
    assert!(
        refused.starts_with("Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: "),
        "{refused}"
    );
}
