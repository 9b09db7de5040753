//! State machines.

use serde_json::json;

use super::world::{World, machine, root, scope, spec, task};
use crate::{
    executions::{Error, MachineSpec, MachineType, MachineUpdate},
    refusal::Refusal,
};

#[tokio::test]
async fn making_the_same_again_is_no_error() {
    let world = World::new().await;
    let pass = machine(json!({"a": {"Type": "Pass", "End": true}}));
    let arn = world.machine("m", &pass).await;
    assert_eq!(arn, "arn:aws:states:us-east-1:000000000000:stateMachine:m");
    assert_eq!(world.machine("m", &pass).await, arn);
    let other = machine(json!({"b": {"Type": "Pass", "End": true}}));
    let refused = world.executions.create_machine(&scope(), &root(), spec("m", &other)).await.unwrap_err();
    assert_eq!(refused.code(), "StateMachineAlreadyExists");
    assert_eq!(refused.to_string(), format!("State Machine Already Exists: '{arn}'"));
}

#[tokio::test]
async fn what_cannot_run_is_refused_in_awss_words() {
    let world = World::new().await;
    let refused = async |spec: MachineSpec| {
        let error = world.executions.create_machine(&scope(), &root(), spec).await.unwrap_err();
        (error.code(), error.to_string())
    };
    let pass = machine(json!({"a": {"Type": "Pass", "End": true}}));
    assert_eq!(refused(spec("a b", &pass)).await, ("InvalidName", "Invalid Name: 'a b'".to_owned()));
    let role = MachineSpec { role: "nobody".into(), ..spec("m", &pass) };
    assert_eq!(refused(role).await.0, "InvalidArn");
    let strange = MachineSpec { role: "arn:aws:iam::111111111111:role/r".into(), ..spec("m", &pass) };
    assert_eq!(refused(strange).await.0, "AccessDeniedException");
    let waits = machine(json!({"a": task(".waitForTaskToken", json!({"End": true}))}));
    let (code, message) = refused(MachineSpec { kind: MachineType::Express, ..spec("m", &waits) }).await;
    assert_eq!(code, "InvalidDefinition");
    assert!(message.contains("does not support '.waitForTaskToken' service integration"), "{message}");
    let (code, message) = refused(spec("m", &json!({"States": {}}))).await;
    assert_eq!(code, "InvalidDefinition");
    assert!(message.starts_with("Invalid State Machine Definition: '"), "{message}");
    let unknown = machine(json!({
        "a": {"Type": "Task", "Resource": "arn:aws:states:::nobody:knows", "End": true}
    }));
    let (code, message) = refused(spec("m", &unknown)).await;
    assert_eq!(code, "InvalidDefinition");
    assert!(message.contains("nobody:knows") && message.contains("/States/a/Resource"), "{message}");
}

/// A Task that AWS knows and that no room here makes.
fn glue() -> serde_json::Value {
    machine(json!({"job": {
        "Type": "Task", "Resource": "arn:aws:states:::glue:startJobRun.sync", "Parameters": {"JobName": "j"},
        "Catch": [{"ErrorEquals": ["States.ALL"], "Next": "job"}], "End": true,
    }}))
}

#[tokio::test]
async fn a_task_that_is_not_built_fails_by_name_when_it_runs() {
    let world = World::new().await;
    let arn = world.machine("m", &glue()).await;
    let execution = world.start(&arn, "e", &json!({})).await;
    let end = world.over(&execution).await.end.unwrap();
    assert_eq!(end.error.as_deref(), Some("States.Runtime"));
    let cause = end.cause.unwrap();
    assert!(cause.contains("startJobRun") && cause.contains("not built yet"), "{cause}");
}

#[tokio::test]
async fn a_strict_server_refuses_what_is_not_built() {
    let world = World::strict().await;
    let refused = world.executions.create_machine(&scope(), &root(), spec("m", &glue())).await.unwrap_err();
    let words = "SCHEMA_VALIDATION_FAILED: arn:aws:states:::glue:startJobRun.sync is not built yet";
    assert!(refused.to_string().contains(words), "{refused}");
    assert!(refused.to_string().contains("at /States/job/Resource"), "{refused}");
    world.machine("built", &machine(json!({"a": super::world::task("", json!({"End": true}))}))).await;
}

#[tokio::test]
async fn parameters_are_judged_when_the_definition_comes() {
    let world = World::new().await;
    let wrong = machine(json!({"tell": {
        "Type": "Task", "Resource": "arn:aws:states:::events:putEvents", "Parameters": {"Entry": []}, "End": true,
    }}));
    let refused = world.executions.create_machine(&scope(), &root(), spec("m", &wrong)).await.unwrap_err();
    assert_eq!(
        refused.to_string(),
        "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: The field \"Entry\" is not supported by Step \
         Functions at /States/tell/Parameters, SCHEMA_VALIDATION_FAILED: The field 'Entries' is required but was \
         missing at /States/tell/Parameters'"
    );
}

#[tokio::test]
async fn an_update_counts_for_new_executions_only() {
    let world = World::new().await;
    let wait = |word: &str| {
        machine(json!({
            "wait": {"Type": "Wait", "Seconds": 60, "Next": "say"},
            "say": {"Type": "Pass", "Result": word, "End": true},
        }))
    };
    let arn = world.machine("m", &wait("old")).await;
    let first = world.start(&arn, "first", &json!({})).await;
    let update = MachineUpdate { definition: Some(wait("new").to_string()), ..MachineUpdate::default() };
    let updated = world.executions.update_machine(&root(), &arn, update).await.unwrap();
    assert!(updated.machine.updated);
    assert_eq!(world.executions.describe_machine(&arn).await.unwrap(), updated);
    let second = world.start(&arn, "second", &json!({})).await;
    // Also after a crash.
    let world = world.crash().await;
    world.pass(std::time::Duration::from_secs(60));
    assert_eq!(world.over(&first).await.end.unwrap().output.as_deref(), Some("\"old\""));
    assert_eq!(world.over(&second).await.end.unwrap().output.as_deref(), Some("\"new\""));
    let of_first = world.executions.describe_machine_of(&first).await.unwrap();
    assert!(of_first.revision.definition.contains("old"));
}

#[tokio::test]
async fn machines_are_listed_and_deleted() {
    let world = World::new().await;
    let pass = machine(json!({"a": {"Type": "Pass", "End": true}}));
    for name in ["c", "a", "b"] {
        world.machine(name, &pass).await;
    }
    let (page, next) = world.executions.list_machines(&scope(), 2, None).await.unwrap();
    assert_eq!(page.iter().map(|m| m.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let (rest, none) = world.executions.list_machines(&scope(), 2, next).await.unwrap();
    assert_eq!((rest[0].name.as_str(), none), ("c", None));
    let forged = world.executions.list_machines(&scope(), 2, Some("forged".into())).await;
    assert!(matches!(forged, Err(Error::InvalidToken)), "{forged:?}");
    let arn = page[0].arn().to_string();
    world.executions.delete_machine(&root(), &arn).await.unwrap();
    world.executions.delete_machine(&root(), &arn).await.unwrap();
    let gone = world.executions.describe_machine(&arn).await.unwrap_err();
    assert_eq!(gone.to_string(), format!("State Machine Does Not Exist: '{arn}'"));
}
