//! Executions that start executions.

use serde_json::{Value, json};

use super::world::{World, machine, root, task};
use crate::executions::{Answer, Status};

fn parent(suffix: &str, child: &str) -> Value {
    machine(json!({"call": {
        "Type": "Task",
        "Resource": format!("arn:aws:states:::states:startExecution{suffix}"),
        "Parameters": {"StateMachineArn": child, "Name": "the-child", "Input.$": "$"},
        "End": true,
    }}))
}

fn child(world: &World) -> impl Future<Output = String> {
    let definition = machine(json!({"ask": task(".waitForTaskToken", json!({"End": true}))}));
    async move { world.machine("child", &definition).await }
}

const CHILD: &str = "arn:aws:states:us-east-1:000000000000:execution:child:the-child";

async fn answered(world: &World, answer: Answer) {
    let token = world.work("ask").await;
    world.event(CHILD, "TaskSubmitted").await;
    world.executions.answer(&root(), &token, answer).await.unwrap();
}

fn output(end: Option<crate::executions::End>) -> Value {
    serde_json::from_str(&end.unwrap().output.unwrap()).unwrap()
}

#[tokio::test]
async fn a_parent_waits_for_its_child() {
    for (suffix, input) in [(".sync", json!(r#"{"n":1}"#)), (".sync:2", json!({"n": 1}))] {
        let mut world = World::new().await;
        let child = child(&world).await;
        let arn = world.machine("parent", &parent(suffix, &child)).await;
        let execution = world.start(&arn, "x", &json!({"n": 1})).await;
        world.event(&execution, "TaskSubmitted").await;
        // Also over a crash.
        world = world.crash().await;
        answered(&world, Answer::Success("{}".into())).await;
        let told = output(world.over(&execution).await.end);
        assert_eq!((&told["Status"], &told["Input"]), (&json!("SUCCEEDED"), &input), "{suffix}");
        assert_eq!(told["ExecutionArn"], CHILD);
    }
}

#[tokio::test]
async fn a_childs_failure_is_its_parents() {
    let world = World::new().await;
    let child = child(&world).await;
    let arn = world.machine("parent", &parent(".sync", &child)).await;
    let execution = world.start(&arn, "x", &json!({})).await;
    answered(&world, Answer::Failure { error: Some("No".into()), cause: Some("not now".into()) }).await;
    let over = world.over(&execution).await;
    let end = over.end.unwrap();
    assert_eq!((over.status, end.error.as_deref()), (Status::Failed, Some("States.TaskFailed")));
    let cause: Value = serde_json::from_str(&end.cause.unwrap()).unwrap();
    assert_eq!((&cause["Error"], &cause["Cause"]), (&json!("No"), &json!("not now")));
}

#[tokio::test]
async fn a_child_ends_with_its_parent() {
    let world = World::new().await;
    let child = child(&world).await;
    let arn = world.machine("parent", &parent(".sync", &child)).await;
    let execution = world.start(&arn, "x", &json!({})).await;
    world.event(&execution, "TaskSubmitted").await;
    world.executions.stop(&root(), &execution, (None, None)).await.unwrap();
    assert_eq!(world.over(CHILD).await.status, Status::Aborted);
}

#[tokio::test]
async fn who_asks_only_goes_on() {
    let world = World::new().await;
    let child = child(&world).await;
    let arn = world.machine("parent", &parent("", &child)).await;
    let execution = world.start(&arn, "x", &json!({})).await;
    assert_eq!(output(world.over(&execution).await.end)["ExecutionArn"], CHILD);
    let again = world.start(&arn, "y", &json!({"other": 1})).await;
    let end = world.over(&again).await.end.unwrap();
    assert_eq!(end.error.as_deref(), Some("StepFunctions.ExecutionAlreadyExistsException"));
}
