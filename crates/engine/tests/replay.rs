//! A record decided again: the same under its own definition, and where another one leaves it.

mod world;

use serde_json::{Value, json};
use trainyard_domain::Failure;
use trainyard_engine::{Difference, Doing, Fact, HistoryEvent, PAYLOAD_LIMIT, Replay, Run};
use world::{World, machine, stored};

/// Something of everything, some of it drawn by lot.
fn definition() -> Value {
    let task = |name: &str| {
        json!({"StartAt": name, "States": {name: {
            "Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken", "End": true,
            "Parameters": {"QueueUrl": "q", "Token.$": "$$.Task.Token", "id.$": "States.UUID()"},
        }}})
    };
    json!({
        "StartAt": "Draw",
        "TimeoutSeconds": 5000,
        "States": {
            "Draw": {"Type": "Pass", "Parameters": {"id.$": "States.UUID()", "n": 1}, "Next": "Pause"},
            "Pause": {"Type": "Wait", "Seconds": 5, "Next": "Again"},
            "Again": {
                "Type": "Task", "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
                "Parameters": {"TrainingJobName.$": "$.id"}, "TimeoutSeconds": 60, "HeartbeatSeconds": 20,
                "Retry": [{"ErrorEquals": ["Busy", "States.Timeout"], "MaxAttempts": 3, "JitterStrategy": "FULL"}],
                "ResultSelector": {"drawn.$": "States.UUID()"}, "Next": "Both",
            },
            "Both": {"Type": "Parallel", "Branches": [task("Left"), task("Right")], "Next": "Each"},
            "Each": {
                "Type": "Map", "ItemsPath": "$", "MaxConcurrency": 1, "ItemProcessor": task("One"), "Next": "Last",
            },
            "Last": {"Type": "Choice", "Choices": [
                {"Variable": "$[0].ok", "IsPresent": true, "Next": "Good"},
            ], "Default": "Bad"},
            "Good": {"Type": "Succeed"},
            "Bad": {"Type": "Fail", "Error": "Bad"},
        },
    })
}

fn succeed(world: &mut World, output: Value) {
    let token = world.run.open_tokens()[0].to_owned();
    world.tell(&Fact::TaskSucceeded { token, output });
}

/// A life with a retry, a time-out, a failed branch and a redrive.
fn lived() -> World {
    let mut world = World::begin(&definition(), json!({}));
    world.wait();
    world.submit(json!({}));
    world.fail("Busy", "");
    world.wait();
    // Nobody hears of the second attempt.
    world.wait();
    world.wait();
    succeed(&mut world, json!({}));
    let token = world.run.open_tokens()[0].to_owned();
    world.tell(&Fact::TaskFailed { token, failure: Failure::new("Broken", "") });
    assert!(world.finished.is_some());
    world.redrive();
    for n in 0..4 {
        succeed(&mut world, json!({"ok": n}));
    }
    assert!(
        matches!(world.finished, Some(trainyard_engine::Outcome::Succeeded { .. })),
        "{:?}",
        world.finished
    );
    world
}

fn replay(definition: &Value, events: &[HistoryEvent]) -> (u64, Option<Difference>) {
    let machine = machine(definition);
    let most = events.iter().map(HistoryEvent::largest).max().unwrap_or_default();
    let mut replay = Replay::new(&machine, most.max(PAYLOAD_LIMIT));
    let difference = events.iter().find_map(|event| replay.hear(event));
    (replay.compared(), difference.or_else(|| replay.end()))
}

#[test]
fn a_record_is_the_same_under_its_own_definition() {
    let world = lived();
    let events = stored(&world.events);
    let (compared, difference) = replay(&definition(), &events);
    assert_eq!((compared, difference), (events.len() as u64, None));
    // So is all of it that was recorded by any decision.
    for length in 1..events.len() {
        let (_, difference) = replay(&definition(), &events[..length]);
        let recorded = difference.and_then(|difference| difference.recorded);
        assert_eq!(recorded, None, "at {length}");
    }
}

#[test]
fn the_first_difference_is_found() {
    let events = lived().events;
    let check = |change: &dyn Fn(&mut Value), kind: &str, decided: Option<&str>| {
        let mut other = definition();
        change(&mut other);
        let (compared, difference) = replay(&other, &events);
        let Difference { recorded, decided: now } = difference.expect(kind);
        let recorded = recorded.expect(kind);
        assert_eq!(compared + 1, recorded.id);
        assert_eq!(recorded.type_name(), kind);
        assert_eq!(now.map(|event| event.type_name()).as_deref(), decided);
    };
    let at = |name: &'static str, field: &'static str, value: Value| {
        move |definition: &mut Value| definition["States"][name][field] = value.clone()
    };
    check(&at("Draw", "Parameters", json!({"n": 2})), "PassStateExited", Some("PassStateExited"));
    check(&at("Pause", "Seconds", json!(6)), "WaitStateEntered", Some("WaitStateEntered"));
    check(&at("Again", "TimeoutSeconds", json!(61)), "TaskScheduled", Some("TaskScheduled"));
    check(&at("Again", "Retry", json!([])), "TaskScheduled", Some("ExecutionFailed"));
    let branch = |definition: &mut Value| {
        definition["States"]["Last"]["Choices"][0]["Variable"] = json!("$[9]");
    };
    check(&branch, "SucceedStateEntered", Some("FailStateEntered"));
}

#[test]
fn what_would_come_after_the_end_is_a_difference() {
    let done = json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}, "B": {"Type": "Pass", "End": true}}});
    let short = json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}}});
    let events = World::begin(&short, json!({})).events;
    let (compared, difference) = replay(&done, &events);
    let Some(Difference { recorded: Some(recorded), decided: Some(decided) }) = difference else { panic!() };
    assert_eq!((compared, recorded.type_name().as_str()), (3, "ExecutionSucceeded"));
    assert_eq!(decided.type_name(), "PassStateEntered");
    let events = World::begin(&done, json!({})).events;
    let (_, difference) = replay(&done, &events[..4]);
    assert_eq!(difference.map(|it| (it.recorded, it.decided.map(|e| e.id))), Some((None, Some(5))));
}

#[test]
fn a_map_run_gives_again_what_it_gave() {
    let mut map = json!({"StartAt": "Each", "States": {"Each": {
        "Type": "Map", "End": true, "ItemProcessor": {
            "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
            "StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}},
        },
    }}});
    let mut world = World::begin(&map, json!([1, 2]));
    let token = world.map_runs[0].token.clone();
    world.tell(&Fact::MapRunSucceeded { token, output: json!([3, 4]).into() });
    assert_eq!(replay(&map, &world.events), (world.events.len() as u64, None));
    map["States"]["Each"]["Next"] = json!("More");
    map["States"]["Each"].as_object_mut().unwrap().shift_remove("End");
    map["States"]["More"] = json!({"Type": "Succeed"});
    let (_, difference) = replay(&map, &world.events);
    assert_eq!(difference.unwrap().decided.unwrap().type_name(), "SucceedStateEntered");
}

#[test]
fn a_picture_of_any_event_shows_where_it_stood_and_no_token() {
    let world = lived();
    let at = |kind: &str| {
        let place = world.events.iter().position(|event| event.type_name() == kind).unwrap();
        Run::fold(&world.events[..=place]).standings()
    };
    let waiting = &at("WaitStateEntered")[0];
    assert_eq!(waiting.state.as_deref(), Some("Pause"));
    assert!(
        matches!(waiting.doing, Doing::Waits { .. }) && waiting.input.as_deref().unwrap().contains("\"n\":1")
    );
    let failed = at("ExecutionFailed");
    let places: Vec<_> = failed.iter().map(|it| (it.path.join("/"), it.state.clone().unwrap())).collect();
    assert_eq!(
        places[1..],
        [("Both[0]".to_owned(), "Left".to_owned()), ("Both[1]".to_owned(), "Right".to_owned()),]
    );
    for length in 0..world.events.len() {
        let shown = serde_json::to_string(&Run::fold(&world.events[..length]).standings()).unwrap();
        // A task's own parameters may hold its token, its state's input does not.
        assert!(world.calls.iter().all(|call| !shown.contains(&call.token)), "{shown}");
    }
    assert!(world.run.standings().is_empty(), "it has ended well");
}
