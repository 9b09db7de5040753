//! Recovery: a history, or any prefix of one, tells the run; old histories always fold.

mod world;

use std::{fs, path::Path};

use proptest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use trainyard_domain::Failure;
use trainyard_engine::{
    Command, Fact, HistoryEvent, Moment, Outcome, PAYLOAD_LIMIT, Run, TimerId, apply, decide,
};
use world::{World, one_task, stored};

/// A machine in which much can happen.
fn definition() -> Value {
    json!({
        "StartAt": "Shape",
        "TimeoutSeconds": 1000,
        "States": {
            "Shape": {"Type": "Pass", "Parameters": {"id.$": "States.UUID()", "n.$": "$.n"}, "Next": "Pause"},
            "Pause": {"Type": "Wait", "Seconds": 5, "Next": "Train"},
            "Train": {
                "Type": "Task",
                "Resource": "arn:aws:states:::sagemaker:createTrainingJob.sync",
                "Parameters": {"TrainingJobName.$": "States.Format('{}-{}', $.id, $$.State.RetryCount)"},
                "TimeoutSeconds": 60,
                "HeartbeatSeconds": 20,
                "ResultPath": "$.job",
                "Retry": [
                    {"ErrorEquals": ["Busy"], "MaxAttempts": 2, "JitterStrategy": "FULL"},
                    {"ErrorEquals": ["States.Timeout"], "MaxAttempts": 1}
                ],
                "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": "$.error", "Next": "Gate"}],
                "Next": "Gate"
            },
            "Gate": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.error", "IsPresent": true, "Next": "Failed"}],
                "Default": "Again"
            },
            "Again": {
                "Type": "Choice",
                "Choices": [{"Variable": "$.job.again", "BooleanEquals": true, "Next": "Shape"}],
                "Default": "Done"
            },
            "Done": {"Type": "Succeed"},
            "Failed": {"Type": "Fail", "ErrorPath": "$.error.Error", "Cause": "see the history"}
        }
    })
}

/// What a world may do next: some of it meant for the run, some late or wrong.
#[derive(Clone, Debug)]
enum Move {
    Wait,
    Submit,
    Succeed(bool),
    Fail(&'static str),
    Heartbeat,
    Stop,
    StaleToken,
    StaleTimer(u64),
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        6 => Just(Move::Wait),
        3 => Just(Move::Submit),
        4 => any::<bool>().prop_map(Move::Succeed),
        4 => prop_oneof![Just("Busy"), Just("Broken"), Just("")].prop_map(Move::Fail),
        1 => Just(Move::Heartbeat),
        1 => Just(Move::Stop),
        1 => Just(Move::StaleToken),
        1 => (0..9_u64).prop_map(Move::StaleTimer),
    ]
}

fn fact(world: &mut World, step: &Move) -> Option<Fact> {
    let token = world.calls.last().map(|call| call.token.clone()).unwrap_or_default();
    Some(match step {
        Move::Wait => return world.next_timer(),
        Move::Submit => Fact::TaskSubmitted { token, response: json!({"TrainingJobArn": "arn"}) },
        Move::Succeed(again) => Fact::TaskSucceeded { token, output: json!({"again": again}) },
        Move::Fail(error) => Fact::TaskFailed { token, failure: Failure::new(*error, "why") },
        Move::Heartbeat => Fact::Heartbeat { token },
        Move::Stop => Fact::StopAsked { error: None, cause: None },
        Move::StaleToken => Fact::TaskSucceeded { token: "other".to_owned(), output: json!(1) },
        Move::StaleTimer(n) => Fact::TimerFired { timer: TimerId(format!("timeout/{n}/0")) },
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// After every fact: what was stored folds to the live run, at every event; ids and causes are in order; and a
    /// decision made again after a crash before its commit, from the stored history, is the same to the last token.
    #[test]
    fn the_fold_of_any_prefix_is_the_run(steps in prop::collection::vec(moves(), 0..40)) {
        let mut world = World::begin(&definition(), json!({"n": 0}));
        for step in &steps {
            let (before, known) = (world.run.clone(), world.events.len());
            let Some(fact) = fact(&mut world, step) else { continue };
            let again = decide(&world.machine, &Run::fold(&stored(&world.events)), &fact, &world.moment());
            prop_assert_eq!(world.tell(&fact), again);
            let mut run = before;
            let new = &world.events[known..];
            for (at, event) in stored(new).iter().enumerate() {
                prop_assert_eq!(event.id, (known + at + 1) as u64);
                prop_assert!(event.previous < event.id);
                apply(&mut run, event);
                let prefix = Run::fold(&world.events[..=known + at]);
                prop_assert_eq!(&prefix, &run);
            }
            prop_assert_eq!(&run, &world.run);
        }
        let over = world.events.iter().filter(|event| event.kind.is_last()).count();
        prop_assert_eq!(over, usize::from(world.finished.is_some()));
        prop_assert_eq!(world.run.outcome(), world.finished.as_ref());
        if world.finished.is_some() {
            prop_assert!(world.timers.is_empty(), "{:?}", world.timers);
        }
    }

    /// A history that was damaged changes no more than the run: the fold never fails.
    #[test]
    fn a_damaged_history_folds(order in prop::collection::vec(0..30_usize, 0..60)) {
        let mut world = World::begin(&definition(), json!({"n": 0}));
        world.wait();
        world.fail("Busy", "");
        world.wait();
        world.submit(json!({}));
        world.succeed(json!({}));
        let run = Run::fold(order.iter().filter_map(|at| world.events.get(*at)));
        let fact = Fact::TimerFired { timer: TimerId("wait/4".to_owned()) };
        let _ = decide(&world.machine, &run, &fact, &world.moment());
    }
}

#[test]
fn tokens_cannot_be_told_from_the_arn() {
    let token = |seed| {
        let fact = Fact::Started(Box::new(world::start(json!({}))));
        let moment = Moment { now: trainyard_domain::Timestamp(0), seed, payload_limit: PAYLOAD_LIMIT };
        let machine = world::machine(&one_task(&json!({})));
        let decision = decide(&machine, &Run::default(), &fact, &moment);
        let call = decision.commands.into_iter().find_map(|command| match command {
            Command::RunTask(call) => Some(call),
            _ => None,
        });
        call.unwrap().token
    };
    assert_eq!(token(1), token(1));
    assert_ne!(token(1), token(2));
}

/// A history as some version has stored it, with what it tells.
#[derive(Serialize, Deserialize)]
struct Golden {
    outcome: Option<Outcome>,
    shown: Vec<Value>,
    events: Vec<HistoryEvent>,
}

/// Histories in `tests/histories` were stored by this version or an older one, and are never rewritten: a new
/// format comes with new files. To add one, give it a name in `recordings` and run with `TRAINYARD_RECORD=1`.
#[test]
fn old_histories_fold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/histories");
    if std::env::var_os("TRAINYARD_RECORD").is_some() {
        for (name, world) in recordings() {
            let path = folder.join(format!("{name}.json"));
            let shown = world.events.iter().map(HistoryEvent::to_aws).collect();
            let golden = Golden { outcome: world.finished, shown, events: world.events };
            if !path.exists() {
                fs::write(path, serde_json::to_string_pretty(&golden).unwrap() + "\n").unwrap();
            }
        }
    }
    let mut count = 0;
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let golden: Golden = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
        let shown: Vec<Value> = golden.events.iter().map(HistoryEvent::to_aws).collect();
        assert_eq!(shown, golden.shown, "{}", path.display());
        assert_eq!(Run::fold(&golden.events).outcome(), golden.outcome.as_ref(), "{}", path.display());
        count += 1;
    }
    assert!(count >= 4, "{count} histories");
}

fn recordings() -> Vec<(&'static str, World)> {
    let begin = || {
        let mut world = World::begin(&definition(), json!({"n": 0}));
        world.wait();
        world
    };
    let mut good = begin();
    good.submit(json!({"TrainingJobArn": "arn:aws:sagemaker:us-east-1:000000000000:training-job/t"}));
    good.succeed(json!({"again": false, "TrainingJobStatus": "Completed"}));
    let mut retried = begin();
    retried.fail("Busy", "too many jobs");
    retried.wait();
    retried.wait();
    retried.wait();
    retried.fail("Broken", "no such image");
    let mut stopped = begin();
    stopped
        .tell(&Fact::StopAsked { error: Some("Mine".to_owned()), cause: Some("changed my mind".to_owned()) });
    let mut open = begin();
    open.submit(json!({}));
    let mut late = World::begin(&definition(), json!({"n": 0}));
    late.tell(&Fact::TimerFired { timer: TimerId("execution".to_owned()) });
    let waiting = World::begin(&definition(), json!({"n": 0}));
    let mut retrying = begin();
    retrying.submit(json!({"TrainingJobArn": "arn"}));
    retrying.fail("Busy", "");
    let mut silent = begin();
    silent.submit(json!({"TrainingJobArn": "arn"}));
    while silent.finished.is_none() {
        silent.wait();
    }
    let mut looped = begin();
    for again in [true, true, false] {
        looped.succeed(json!({"again": again, "n": [1.5, "\u{e9}", null]}));
        looped.wait();
    }
    let mut refused = begin();
    refused.tell(&Fact::TaskSubmitFailed {
        token: refused.token(),
        failure: Failure::new("SageMaker.ResourceLimitExceeded", "no room"),
    });
    vec![
        ("1-waiting", waiting),
        ("1-retrying", retrying),
        ("1-silent", silent),
        ("1-looped", looped),
        ("1-refused", refused),
        ("1-trained", good),
        ("1-retried-and-failed", retried),
        ("1-stopped", stopped),
        ("1-still-training", open),
        ("1-timed-out", late),
    ]
}
