//! What holds for every definition and whatever the world does.

mod world;

use proptest::prelude::*;
use serde_json::{Value, json};
use trainyard_domain::Failure;
use trainyard_engine::{Fact, Run, TimerId, apply, decide};
use world::{World, stored};

/// A state that leads to the next one of its graph.
fn state() -> impl Strategy<Value = Value> {
    let retry = json!([{"ErrorEquals": ["Busy"], "MaxAttempts": 2, "JitterStrategy": "FULL"}]);
    let task = json!({
        "Type": "Task",
        "Resource": "arn:aws:states:::sqs:sendMessage.waitForTaskToken",
        "Parameters": {"Token.$": "$$.Task.Token", "QueueUrl": "q"},
        "TimeoutSeconds": 60,
        "HeartbeatSeconds": 20,
    });
    let retried = with(&task, "Retry", retry);
    let leaf = prop_oneof![
        2 => Just(json!({"Type": "Pass", "Parameters": {"id.$": "States.UUID()"}, "Assign": {"v.$": "$"}})),
        1 => Just(json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% [1, 2, 3] %}"})),
        1 => Just(json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $states.input.missing %}"})),
        1 => (0..9_u32).prop_map(|seconds| json!({"Type": "Wait", "Seconds": seconds})),
        2 => Just(task),
        2 => Just(retried),
    ];
    leaf.prop_recursive(3, 24, 3, |inner| {
        let branches = (prop::collection::vec(graph(inner.clone()), 1..3), any::<bool>());
        let map = (graph(inner), 0..3_u32, any::<bool>());
        prop_oneof![
            branches.prop_map(|(branches, retried)| {
                let parallel = json!({"Type": "Parallel", "Branches": branches, "ResultPath": "$.all"});
                again(parallel, retried)
            }),
            map.prop_map(|(graph, most, retried)| {
                let map = json!({
                    "Type": "Map",
                    "QueryLanguage": "JSONata",
                    "Items": [1, 2, 3],
                    "MaxConcurrency": most,
                    "ItemSelector": {"x": "{% $states.context.Map.Item.Value %}"},
                    "ItemProcessor": graph,
                });
                again(map, retried)
            }),
        ]
    })
}

fn with(state: &Value, field: &str, value: Value) -> Value {
    let mut state = state.clone();
    state[field] = value;
    state
}

fn again(state: Value, retried: bool) -> Value {
    match retried {
        true => with(&state, "Retry", json!([{"ErrorEquals": ["States.ALL"], "MaxAttempts": 1}])),
        false => state,
    }
}

/// States in a row, each of a name of its own; some catch what fails.
fn graph(state: impl Strategy<Value = Value> + 'static) -> impl Strategy<Value = Value> {
    prop::collection::vec((state, any::<bool>(), any::<u32>()), 1..4).prop_map(|row| {
        let names: Vec<String> =
            row.iter().enumerate().map(|(at, (_, _, salt))| format!("S{at}-{salt}")).collect();
        let mut states = json!({});
        for (at, (mut state, caught, _)) in row.into_iter().enumerate() {
            let next = names.get(at + 1);
            match next {
                Some(next) => state["Next"] = next.as_str().into(),
                None => state["End"] = true.into(),
            }
            let fails = matches!(state["Type"].as_str(), Some("Task" | "Parallel" | "Map"));
            if let (true, true, Some(next)) = (caught, fails, next) {
                state["Catch"] = json!([{"ErrorEquals": ["States.ALL"], "Next": next}]);
            }
            states[names[at].as_str()] = state;
        }
        json!({"StartAt": names[0], "States": states})
    })
}

/// What the world does next: some of it late or wrong.
#[derive(Clone, Debug)]
enum Move {
    Wait,
    Succeed(usize),
    Fail(usize, &'static str),
    Submit(usize),
    Stop,
    Redrive,
    Stale,
}

fn moves() -> impl Strategy<Value = Move> {
    prop_oneof![
        4 => Just(Move::Wait),
        5 => (0..9_usize).prop_map(Move::Succeed),
        3 => (0..9_usize, prop_oneof![Just("Busy"), Just("Broken"), Just("")]).prop_map(|(at, e)| Move::Fail(at, e)),
        2 => (0..9_usize).prop_map(Move::Submit),
        1 => Just(Move::Stop),
        3 => Just(Move::Redrive),
        1 => Just(Move::Stale),
    ]
}

fn fact(world: &mut World, step: &Move) -> Option<Fact> {
    let token = |world: &World, at: usize| {
        let open = world.run.open_tokens();
        open.get(at % open.len().max(1)).map(|token| (*token).to_owned())
    };
    Some(match step {
        Move::Wait => world.next_timer()?,
        Move::Succeed(at) => Fact::TaskSucceeded { token: token(world, *at)?, output: json!({"done": at}) },
        Move::Fail(at, error) => {
            Fact::TaskFailed { token: token(world, *at)?, failure: Failure::new(*error, "why") }
        }
        Move::Submit(at) => Fact::TaskSubmitted { token: token(world, *at)?, response: json!({}) },
        Move::Stop => Fact::StopAsked { error: None, cause: None },
        Move::Redrive => Fact::Redriven,
        Move::Stale => Fact::TimerFired { timer: TimerId("timeout/2/0@7".to_owned()) },
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    /// What was stored folds to the live run at every event, ids and causes are in order, a decision that is made
    /// again is the same; and however it went, the execution can end and leaves nothing open.
    #[test]
    fn any_execution_folds_and_can_end(
        definition in graph(state()),
        steps in prop::collection::vec(moves(), 0..30),
    ) {
        let mut world = World::begin(&definition, json!({"n": 0}));
        let mut tokens = std::collections::BTreeSet::new();
        for step in &steps {
            let (before, known) = (world.run.clone(), world.events.len());
            let Some(fact) = fact(&mut world, step) else { continue };
            let again = decide(&world.machine, &Run::fold(&stored(&world.events)), &fact, &world.moment());
            if fact == Fact::Redriven {
                prop_assert_eq!(world.redrive(), again);
            } else {
                prop_assert_eq!(world.tell(&fact), again);
            }
            for call in world.calls.drain(..) {
                prop_assert!(tokens.insert(call.token), "a token names one call");
            }
            let mut run = before;
            for (at, event) in stored(&world.events[known..]).iter().enumerate() {
                prop_assert_eq!(event.id, (known + at + 1) as u64);
                prop_assert!(event.previous < event.id);
                apply(&mut run, event);
            }
            prop_assert_eq!(&run, &world.run);
            prop_assert_eq!(&Run::fold(&stored(&world.events)), &world.run);
        }
        for turn in 0..5000 {
            if world.finished.is_some() {
                break;
            }
            let open = world.run.open_tokens().first().map(|token| (*token).to_owned());
            match open {
                Some(token) => drop(world.tell(&Fact::TaskSucceeded { token, output: json!(turn) })),
                None => prop_assert!(world.wait(), "it waits for nothing"),
            }
        }
        prop_assert!(world.finished.is_some(), "it does not end");
        prop_assert_eq!(world.run.outcome(), world.finished.as_ref());
        prop_assert!(world.timers.is_empty(), "{:?}", world.timers);
        let last: Vec<_> = world.events.iter().filter(|event| event.kind.is_last()).collect();
        let redriven = world.types().iter().filter(|kind| *kind == "ExecutionRedriven").count();
        prop_assert_eq!(last.len(), 1 + redriven);
    }

    /// A history that was damaged changes no more than the run: nothing fails, in the fold or in what is decided.
    #[test]
    fn a_damaged_history_brings_nobody_down(
        definition in graph(state()),
        order in prop::collection::vec(0..60_usize, 0..80),
    ) {
        let mut world = World::begin(&definition, json!({"n": 0}));
        for turn in 0..20 {
            let open = world.run.open_tokens().first().map(|token| (*token).to_owned());
            match open {
                Some(token) => drop(world.tell(&Fact::TaskSucceeded { token, output: json!(turn) })),
                None => drop(world.wait()),
            }
        }
        let run = Run::fold(order.iter().filter_map(|at| world.events.get(*at)));
        for token in run.open_tokens() {
            let fact = Fact::TaskSucceeded { token: token.to_owned(), output: json!(1) };
            let _ = decide(&world.machine, &run, &fact, &world.moment());
        }
        let fact = Fact::TimerFired { timer: TimerId("go-on".to_owned()) };
        let _ = decide(&world.machine, &run, &fact, &world.moment());
    }
}
