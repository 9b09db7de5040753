//! Redriving: what has ended well is not done again, what has not is, from where it stood.

mod world;

use serde_json::{Value, json};
use trainyard_domain::Failure;
use trainyard_engine::{Command, Fact, Outcome, Run, apply};
use world::{World, one_task, stored};

fn task(more: Value) -> Value {
    let mut task = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"Token.$": "$$.Task.Token", "QueueUrl": "q"},
        "End": true,
    });
    for (name, value) in more.as_object().expect("fields") {
        task[name] = value.clone();
    }
    task
}

fn graph(name: &str, state: &Value) -> Value {
    json!({"StartAt": name, "States": {name: state}})
}

/// The types since the last redrive, it included.
fn since(world: &World) -> Vec<String> {
    let types = world.types();
    let at = types.iter().rposition(|kind| kind == "ExecutionRedriven").expect("a redrive");
    types[at..].to_vec()
}

fn stop(world: &mut World) {
    world.tell(&Fact::StopAsked { error: None, cause: None });
}

/// The fold of every prefix of what is stored equals the run at that event.
fn check_fold(world: &World) {
    let (events, mut run) = (stored(&world.events), Run::default());
    for (at, event) in events.iter().enumerate() {
        apply(&mut run, event);
        assert_eq!(event.id, at as u64 + 1);
        assert!(event.previous < event.id);
        assert_eq!(Run::fold(&events[..=at]), run);
    }
    assert_eq!(run, world.run);
}

#[test]
fn a_task_is_called_again_and_what_came_before_it_is_not() {
    let mut definition = one_task(&json!({}));
    definition["StartAt"] = json!("First");
    definition["States"]["First"] = json!({"Type": "Pass", "Result": {"n": 1}, "Next": "Task"});
    let mut world = World::begin(&definition, json!({}));
    let first = world.token();
    world.fail("Broken", "why");
    assert_eq!(world.failure().0, "Broken");
    world.redrive();
    assert_eq!(since(&world), ["ExecutionRedriven", "TaskScheduled", "TaskStarted"]);
    let redriven = world.events.iter().find(|event| event.type_name() == "ExecutionRedriven").unwrap();
    assert_eq!(redriven.previous + 1, redriven.id);
    assert_eq!(redriven.to_aws()["executionRedrivenEventDetails"], json!({"redriveCount": 1}));
    assert_ne!(world.token(), first, "it is another call");
    assert!(world.tell(&Fact::TaskSucceeded { token: first, output: json!(0) }).events.is_empty());
    world.succeed(json!({"done": true}));
    assert_eq!(world.output(), json!({"done": true}));
    assert!(world.redrive().events.is_empty(), "it has ended well");
    check_fold(&world);
}

#[test]
fn what_runs_is_not_redriven() {
    let mut world = World::begin(&one_task(&json!({})), json!({}));
    assert!(world.redrive().events.is_empty());
}

#[test]
fn attempts_and_timeouts_are_counted_anew() {
    let fields = json!({
        "TimeoutSeconds": 60,
        "Retry": [{"ErrorEquals": ["Busy"], "MaxAttempts": 1, "IntervalSeconds": 1}],
    });
    let mut definition = one_task(&fields);
    definition["TimeoutSeconds"] = 1000.into();
    let mut world = World::begin(&definition, json!({}));
    let exhaust = |world: &mut World| {
        world.fail("Busy", "");
        assert!(world.finished.is_none(), "it is tried again");
        world.wait();
        assert_eq!(world.calls.last().unwrap().retry_count, 1);
        world.fail("Busy", "");
        assert_eq!(world.failure().0, "Busy");
        assert!(world.timers.is_empty(), "{:?}", world.timers);
    };
    exhaust(&mut world);
    let later = world.now.plus(std::time::Duration::from_secs(2000));
    world.now = later;
    world.redrive();
    assert_eq!(world.calls.last().unwrap().retry_count, 0);
    let at: Vec<i64> = world.timers.values().map(|at| (at.millis() - later.millis()) / 1000).collect();
    assert_eq!(at, [1000, 60], "{:?}", world.timers);
    exhaust(&mut world);
    world.redrive();
    while world.finished.is_none() {
        world.wait();
    }
    assert_eq!(world.failure().0, "States.Timeout");
    check_fold(&world);
}

#[test]
fn an_execution_that_took_too_long_has_its_time_again() {
    let mut definition = graph("Wait", &json!({"Type": "Wait", "Seconds": 60, "End": true}));
    definition["TimeoutSeconds"] = 5.into();
    let mut world = World::begin(&definition, json!({}));
    world.wait();
    assert_eq!(world.finished, Some(Outcome::TimedOut));
    let stale = Fact::TimerFired { timer: trainyard_engine::TimerId("execution".to_owned()) };
    world.redrive();
    assert!(world.tell(&stale).events.is_empty(), "the timer of the attempt before");
    let ends: Vec<i64> = world.timers.values().map(|at| (at.millis() - world.now.millis()) / 1000).collect();
    assert_eq!(ends, [5, 60], "the whole wait begins anew");
    world.wait();
    assert_eq!(world.finished, Some(Outcome::TimedOut));
    check_fold(&world);
}

#[test]
fn a_moment_that_is_past_is_not_waited_for() {
    let wait = json!({"Type": "Wait", "Timestamp": "2024-01-01T00:00:00Z", "End": true});
    let mut world = World::begin(&graph("Wait", &wait), json!({}));
    stop(&mut world);
    world.now = trainyard_domain::Timestamp(1_800_000_000_000);
    world.redrive();
    let now = world.now;
    world.wait();
    assert_eq!(
        (since(&world)[1..].join(" "), world.now),
        ("WaitStateExited ExecutionSucceeded".to_owned(), now)
    );
}

#[test]
fn a_fail_state_is_entered_again_and_fails_again() {
    let mut world = World::begin(&graph("No", &json!({"Type": "Fail", "Error": "No"})), json!({}));
    world.redrive();
    assert_eq!(since(&world), ["ExecutionRedriven", "FailStateEntered", "ExecutionFailed"]);
    world.redrive();
    assert_eq!(world.failure().0, "No");
    let last = world.events.iter().rev().find(|event| event.type_name() == "ExecutionRedriven").unwrap();
    assert_eq!(last.to_aws()["executionRedrivenEventDetails"]["redriveCount"], 2);
    check_fold(&world);
}

#[test]
fn only_branches_that_have_not_ended_well_go_on() {
    let pass = json!({"Type": "Pass", "Result": "pass", "End": true});
    let branches = [graph("Bad", &task(json!({}))), graph("Good", &pass), graph("Slow", &task(json!({})))];
    let parallel = json!({"Type": "Parallel", "Branches": branches, "End": true});
    let mut world = World::begin(&graph("All", &parallel), json!({}));
    let tokens: Vec<String> = world.calls.iter().map(|call| call.token.clone()).collect();
    world.tell(&Fact::TaskFailed { token: tokens[0].clone(), failure: Failure::new("Broken", "") });
    assert_eq!(world.cancelled, [tokens[1].clone()]);
    world.calls.clear();
    world.redrive();
    let again = ["TaskScheduled", "TaskStarted", "TaskScheduled", "TaskStarted"];
    assert_eq!(since(&world)[1..], again);
    for (at, token) in world.calls.clone().iter().map(|call| call.token.clone()).enumerate() {
        world.tell(&Fact::TaskSucceeded { token, output: json!(at) });
    }
    assert_eq!(world.output(), json!([0, "pass", 1]));
    check_fold(&world);
}

#[test]
fn only_iterations_that_have_not_ended_well_go_on() {
    let map = json!({
        "Type": "Map", "MaxConcurrency": 2, "End": true, "ItemProcessor": graph("Do", &task(json!({}))),
    });
    let mut world = World::begin(&graph("Each", &map), json!([10, 20, 30, 40]));
    let first = world.calls[0].token.clone();
    world.tell(&Fact::TaskSucceeded { token: first, output: json!("first") });
    world.fail("Broken", "the third");
    assert_eq!(world.failure().0, "Broken");
    let before = world.calls.len();
    world.redrive();
    let open: Vec<String> = world.calls[before..].iter().map(|call| call.token.clone()).collect();
    assert_eq!(open.len(), 2, "no more than may run at once");
    for (at, token) in open.into_iter().enumerate() {
        world.tell(&Fact::TaskSucceeded { token, output: json!(at) });
    }
    world.succeed(json!("last"));
    assert_eq!(world.output(), json!(["first", 0, 1, "last"]));
    check_fold(&world);
}

#[test]
fn states_inside_each_other_are_found_again() {
    let branch = |n: u32| {
        let (each, work, after) = (format!("Each{n}"), format!("Do{n}"), format!("After{n}"));
        let inner = json!({
            "Type": "Map", "ItemProcessor": graph(&work, &task(json!({}))), "Next": after,
            "Assign": {"seen.$": "$"},
        });
        let last = json!({"Type": "Pass", "Parameters": {"v.$": "$seen", "out.$": "$outer"}, "End": true});
        json!({"StartAt": each, "States": {each.as_str(): inner, after.as_str(): last}})
    };
    let definition = json!({"StartAt": "Set", "States": {
        "Set": {"Type": "Pass", "Assign": {"outer": 7}, "Next": "Par"},
        "Par": {"Type": "Parallel", "Branches": [branch(0), branch(1)], "End": true},
    }});
    let mut world = World::begin(&definition, json!([1, 2]));
    assert_eq!(world.calls.len(), 4);
    world.succeed(json!("kept"));
    let first = world.calls[0].token.clone();
    world.tell(&Fact::TaskFailed { token: first, failure: Failure::new("Broken", "") });
    for _ in 0..3 {
        stop(&mut world);
        world.calls.clear();
        world.redrive();
        assert_eq!(world.calls.len(), 3);
    }
    for token in world.calls.clone().into_iter().map(|call| call.token) {
        world.tell(&Fact::TaskSucceeded { token, output: json!("later") });
    }
    let output = world.output();
    assert_eq!(output[0], json!({"v": ["later", "later"], "out": 7}));
    assert_eq!(output[1], json!({"v": ["later", "kept"], "out": 7}));
    check_fold(&world);
}

#[test]
fn branches_whose_results_were_too_large_all_run_again() {
    let branches = [graph("A", &task(json!({}))), graph("B", &task(json!({})))];
    let parallel = json!({"Type": "Parallel", "Branches": branches, "End": true});
    let mut world = World::begin(&graph("All", &parallel), json!({}));
    for token in world.calls.clone().into_iter().map(|call| call.token) {
        world.tell(&Fact::TaskSucceeded { token, output: "x".repeat(200_000).into() });
    }
    assert_eq!(world.failure().0, "States.DataLimitExceeded");
    world.calls.clear();
    world.redrive();
    assert_eq!((since(&world)[1].as_str(), world.calls.len()), ("ParallelStateStarted", 2));
    for token in world.calls.clone().into_iter().map(|call| call.token) {
        world.tell(&Fact::TaskSucceeded { token, output: json!(1) });
    }
    assert_eq!(world.output(), json!([1, 1]));
    check_fold(&world);
}

#[test]
fn the_same_map_run_goes_on() {
    let mut map = json!({
        "Type": "Map", "End": true, "ItemProcessor": graph("Do", &task(json!({}))),
        "Retry": [{"ErrorEquals": ["Once"], "MaxAttempts": 1}],
    });
    map["ItemProcessor"]["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"});
    let mut world = World::begin(&graph("Each", &map), json!([1, 2]));
    let failed = |world: &World, error: &str| Fact::MapRunFailed {
        token: world.map_runs.last().unwrap().token.clone(),
        failure: Failure::new(error, ""),
    };
    world.tell(&failed(&world, "Once"));
    world.wait();
    assert_ne!(world.map_runs[0].arn, world.map_runs[1].arn, "a retry is a map run of its own");
    world.tell(&failed(&world, "Broken"));
    let decision = world.redrive();
    assert_eq!(since(&world), ["ExecutionRedriven", "MapRunRedriven"]);
    let [.., Command::RedriveMapRun(call)] = &decision.commands[..] else {
        panic!("{:?}", decision.commands)
    };
    assert_eq!((&call.arn, call.token == world.map_runs[1].token), (&world.map_runs[1].arn, false));
    let details = world.events.last().unwrap().to_aws()["mapRunRedrivenEventDetails"].clone();
    assert_eq!(details, json!({"mapRunArn": call.arn, "redriveCount": 1}));
    let token = call.token.clone();
    world.tell(&Fact::MapRunSucceeded { token, output: json!(["a", "b"]).into() });
    assert_eq!(world.output(), json!(["a", "b"]));
    check_fold(&world);
}

#[test]
fn the_context_object_counts_redrives() {
    let mut definition = one_task(&json!({"Parameters": {"c.$": "$$.Execution"}}));
    definition["States"]["Task"]["Resource"] = json!("arn:aws:states:::sqs:sendMessage");
    let mut world = World::begin(&definition, json!({}));
    assert_eq!(world.calls[0].parameters.value()["c"]["RedriveCount"], 0);
    assert!(world.calls[0].parameters.value()["c"].get("RedriveTime").is_none());
    world.fail("Broken", "");
    world.redrive();
    let context = world.calls[1].parameters.value()["c"].clone();
    assert_eq!(
        (&context["RedriveCount"], &context["RedriveTime"]),
        (&json!(1), &json!(world.now.to_string()))
    );
    check_fold(&world);
}

#[test]
fn a_history_is_as_long_as_it_may_be() {
    let again = json!([{"Variable": "$.stop", "IsPresent": true, "Next": "End"}]);
    let definition = json!({"StartAt": "S", "States": {
        "S": {"Type": "Choice", "Choices": again, "Default": "S"}, "End": {"Type": "Succeed"},
    }});
    let mut world = World::begin(&definition, json!({}));
    while world.finished.is_none() {
        world.wait();
    }
    assert_eq!(world.events.len(), 25_000);
    assert!(world.redrive().events.is_empty());
}
