//! `ScheduleV2` events of SAM's state machines, with the stack that they belong to.

use super::*;
use crate::schedules::{Error as ScheduleError, Schedule, State};

const SCHEDULED: &str = r#"
Transform: AWS::Serverless-2016-10-31
Parameters:
  Every: {Type: String, Default: rate(1 day)}
  Group: {Type: String, Default: default}
  Bus: {Type: String, Default: default}
Resources:
  Nights: {Type: AWS::Scheduler::ScheduleGroup, Properties: {Name: nights}}
  Letters: {Type: AWS::SQS::Queue, Properties: {QueueName: letters}}
  Machine:
    Type: AWS::Serverless::StateMachine
    DependsOn: Nights
    Properties:
      Definition: {StartAt: A, States: {A: {Type: Succeed}}}
      Events:
        Retrain:
          Type: ScheduleV2
          Properties:
            ScheduleExpression: !Ref Every
            ScheduleExpressionTimezone: Europe/Rome
            FlexibleTimeWindow: {Mode: FLEXIBLE, MaximumWindowInMinutes: 5}
            GroupName: !Ref Group
            Description: again
            State: DISABLED
            StartDate: "2098-12-01T00:00:00Z"
            EndDate: "2099-12-01T00:00:00Z"
            Input: '{"by": "schedule"}'
            RetryPolicy: {MaximumRetryAttempts: 2, MaximumEventAgeInSeconds: 600}
            DeadLetterConfig: {Arn: !GetAtt Letters.Arn}
  Rule:
    Type: AWS::Events::Rule
    DependsOn: MachineRetrain
    Properties: {EventBusName: !Ref Bus, EventPattern: {source: [me]}}
"#;

impl House {
    async fn schedule(&self, group: &str) -> Option<Schedule> {
        match self.there.schedules.get(&self.scope, group, "MachineRetrain").await {
            Ok(schedule) => Some(schedule),
            Err(ScheduleError::NoSchedule(_) | ScheduleError::NoGroup(_)) => None,
            Err(error) => panic!("{error}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_schedule_comes_changes_and_goes_with_its_stack() {
    let (house, _guard) = House::running().await;
    let made = house.deploy(asked(SCHEDULED)).await.unwrap().stack;
    assert_eq!(made.status, Status::CreateComplete, "{:?}", made.reason);
    let spec = house.schedule("default").await.unwrap().spec;
    let target = serde_json::to_value(&spec.target).unwrap();
    assert_eq!(target["Arn"], made.resources.iter().find(|r| r.logical_id == "Machine").unwrap().physical_id);
    let role = made.resources.iter().find(|r| r.logical_id == "MachineRetrainRole").unwrap();
    assert_eq!(target["RoleArn"], role.attributes["Arn"]);
    assert_eq!(target["Input"], r#"{"by": "schedule"}"#);
    assert_eq!(target["RetryPolicy"]["MaximumRetryAttempts"], 2);
    assert_eq!(target["DeadLetterConfig"]["Arn"], "arn:aws:sqs:us-east-1:000000000000:letters");
    assert_eq!(spec.state, Some(State::Disabled));
    assert_eq!(spec.flexible_time_window.maximum_window_in_minutes, Some(5));
    assert!(spec.start_date.is_some() && spec.end_date.is_some());

    let changed = house.deploy(with(SCHEDULED, &[("Every", "rate(2 days)")])).await.unwrap();
    assert_eq!(done(&changed), [(Action::Update, "MachineRetrain")]);
    assert_eq!(house.schedule("default").await.unwrap().spec.schedule_expression, "rate(2 days)");

    // What fails behind it brings it back, also from another group.
    let wrong = [("Every", "rate(3 days)"), ("Group", "nights"), ("Bus", "nowhere")];
    let failed = house.deploy(with(SCHEDULED, &wrong)).await.unwrap().stack;
    assert_eq!(failed.status, Status::UpdateRollbackComplete, "{:?}", failed.reason);
    assert_eq!(house.schedule("default").await.unwrap().spec.schedule_expression, "rate(2 days)");
    assert!(house.schedule("nights").await.is_none());

    house.deploy(with(SCHEDULED, &wrong[1..2])).await.unwrap();
    assert_eq!(house.schedule("nights").await.unwrap().spec.schedule_expression, "rate(2 days)");
    assert!(house.schedule("default").await.is_none());

    let (before, after) = SCHEDULED.split_once("      Events:\n").unwrap();
    let (_, after) = after.split_once("  Rule:\n").unwrap();
    let without = format!("{before}  Rule:\n{after}").replace("    DependsOn: MachineRetrain\n", "");
    let gone = house.deploy(asked(&without)).await.unwrap();
    let removed: Vec<_> = done(&gone).into_iter().filter(|(action, _)| *action == Action::Delete).collect();
    assert_eq!(removed, [(Action::Delete, "MachineRetrain"), (Action::Delete, "MachineRetrainRole")]);
    assert!(house.schedule("nights").await.is_none());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_stack_that_fails_leaves_no_schedule() {
    let (house, _guard) = House::running().await;
    let failed = house.deploy(with(SCHEDULED, &[("Bus", "nowhere")])).await.unwrap().stack;
    assert_eq!(failed.status, Status::RollbackComplete, "{:?}", failed.reason);
    assert!(house.schedule("default").await.is_none());
}

#[tokio::test]
async fn what_a_schedule_cannot_have_is_said_with_its_name() {
    let house = House::new().await;
    for (old, new, said) in [
        ("rate(1 day)", "rate(1 dy)", "MachineRetrain"),
        ("Description: again", "Tags: {}", "`Tags` of an event of this type"),
        ("MaximumRetryAttempts: 2", "Retries: 2", "`Retries` of `MachineRetrain`"),
        ("Europe/Rome", "Europe/Nowhere", "Nowhere"),
    ] {
        let error = house.deploy(asked(&SCHEDULED.replace(old, new))).await.unwrap_err().to_string();
        assert!(error.starts_with("template.yaml:") && error.contains(said), "{new}: {error}");
    }
}
