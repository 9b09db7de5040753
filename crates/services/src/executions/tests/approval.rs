//! The whole way of an approval: asked by an execution, answered by a person.

use std::time::Duration;

use serde_json::{Value, json};

use super::world::{World, machine, root, scope};
use crate::{approvals, executions::Status};

fn asking() -> Value {
    machine(json!({
        "ask": {
            "Type": "Task",
            "Resource": "arn:aws:states:::events:putEvents.waitForTaskToken",
            "Parameters": {"Entries": [{
                "Source": "deploy",
                "DetailType": "Approval Requested",
                "EventBusName": "default",
                "Detail": {"title": "to prod?", "taskToken.$": "$$.Task.Token", "model.$": "$.model"},
            }]},
            "TimeoutSeconds": 600,
            "Catch": [{"ErrorEquals": ["ApprovalRejected"], "Next": "no"}],
            "End": true,
        },
        "no": {"Type": "Pass", "End": true},
    }))
}

async fn asked(world: &World) -> approvals::Approval {
    let pending = async || {
        let status = Some(approvals::Status::Pending);
        world.approvals.list(&scope(), status, None).await.unwrap().0.pop()
    };
    world.until("the question", pending).await
}

#[tokio::test]
async fn yes_lets_the_execution_go_on() {
    let world = World::new().await;
    let arn = world.machine("deploy", &asking()).await;
    let execution = world.start(&arn, "x", &json!({"model": 3})).await;
    let question = asked(&world).await;
    assert_eq!(
        (question.title.as_str(), question.execution.as_deref()),
        ("to prod?", Some(execution.as_str()))
    );
    assert_eq!(question.detail["model"], 3);
    let comment = Some("fine".to_owned());
    world.approvals.answer(&scope(), &root(), (&question.id, true), comment).await.unwrap();
    let output: Value =
        serde_json::from_str(&world.over(&execution).await.end.unwrap().output.unwrap()).unwrap();
    let by = "arn:aws:iam::000000000000:root";
    assert_eq!(output, json!({"approved": true, "by": by, "comment": "fine"}));
}

#[tokio::test]
async fn no_is_a_failure_with_a_name() {
    let world = World::new().await;
    let arn = world.machine("deploy", &asking()).await;
    let execution = world.start(&arn, "x", &json!({"model": 3})).await;
    let question = asked(&world).await;
    world.approvals.answer(&scope(), &root(), (&question.id, false), None).await.unwrap();
    let output: Value =
        serde_json::from_str(&world.over(&execution).await.end.unwrap().output.unwrap()).unwrap();
    assert_eq!(output["Error"], "ApprovalRejected");
}

#[tokio::test]
async fn silence_expires() {
    let world = World::new().await;
    let arn = world.machine("deploy", &asking()).await;
    let execution = world.start(&arn, "x", &json!({"model": 3})).await;
    let question = asked(&world).await;
    world.pass(Duration::from_secs(600));
    assert_eq!(world.over(&execution).await.status, Status::Failed);
    let expired = async || {
        let approval = world.approvals.get(&scope(), &question.id).await.unwrap();
        (approval.status == approvals::Status::Expired).then_some(())
    };
    world.until("the approval to expire", expired).await;
    let late = world.approvals.answer(&scope(), &root(), (&question.id, true), None).await;
    assert!(late.is_err());
}
