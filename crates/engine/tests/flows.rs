//! What an execution does, fact by fact.

mod world;

use serde_json::{Value, json};
use trainyard_domain::Failure;
use trainyard_engine::{Fact, Outcome, PAYLOAD_LIMIT, TimerId};
use world::{World, one_task};

#[test]
fn a_task_that_waits() {
    let mut world = World::begin(
        &one_task(&json!({"ResultSelector": {"x.$": "$.a"}, "ResultPath": "$.r", "TimeoutSeconds": 60})),
        json!({"in": 1}),
    );
    assert_eq!(world.calls[0].parameters, json!({"Token": world.token(), "Try": 0}));
    assert_eq!((world.calls[0].timeout, world.calls[0].state_name.as_str()), (Some(60), "Task"));
    world.submit(json!({"MessageId": "m"}));
    assert!(world.submit(json!({})).events.is_empty());
    world.succeed(json!({"a": [1]}));
    assert_eq!(world.output(), json!({"in": 1, "r": {"x": [1]}}));
    assert!(world.timers.is_empty());
    assert_eq!(
        world.types(),
        [
            "ExecutionStarted",
            "TaskStateEntered",
            "TaskScheduled",
            "TaskStarted",
            "TaskSubmitted",
            "TaskSucceeded",
            "TaskStateExited",
            "ExecutionSucceeded"
        ]
    );
    let causes: Vec<u64> = world.events.iter().map(|event| event.previous).collect();
    assert_eq!(causes, [0, 0, 2, 3, 4, 5, 6, 7]);
}

#[test]
fn nothing_private_is_shown() {
    let mut world = World::begin(&one_task(&json!({})), json!({}));
    world.succeed(json!(null));
    let scheduled = world.events[2].to_aws();
    assert_eq!(
        scheduled["taskScheduledEventDetails"],
        json!({
            "resourceType": "sqs",
            "resource": "sendMessage.waitForTaskToken",
            "region": "us-east-1",
            "parameters": json!({"Token": world.token(), "Try": 0}).to_string(),
        })
    );
    assert_eq!((&scheduled["id"], &scheduled["previousEventId"]), (&json!(3), &json!(2)));
    assert_eq!(scheduled["timestamp"], json!(1_700_000_000.0));
    assert_eq!(
        world.events[0].to_aws()["executionStartedEventDetails"],
        json!({"input": "{}", "inputDetails": {"truncated": false}, "roleArn": "arn:aws:iam::000000000000:role/train"})
    );
}

#[test]
fn retries_then_catches() {
    let fields = json!({
        "Retry": [{"ErrorEquals": ["Busy"], "IntervalSeconds": 2, "MaxAttempts": 2, "BackoffRate": 3}],
        "Catch": [{"ErrorEquals": ["States.TaskFailed"], "ResultPath": "$.error", "Next": "Caught"}],
    });
    let mut world = World::begin(&one_task(&fields), json!({"in": 1}));
    let begun = world.now;
    for expect in [2_000, 8_000] {
        world.fail("Busy", "later");
        assert!(world.wait());
        assert_eq!(world.now.millis() - begun.millis(), expect);
    }
    assert_eq!(world.calls.iter().map(|call| &call.parameters["Try"]).collect::<Vec<_>>(), [0, 1, 2]);
    assert!(world.calls[0].token != world.calls[1].token && world.calls[1].token != world.calls[2].token);
    world.fail("Busy", "later");
    assert_eq!(world.output(), json!({"in": 1, "error": {"Error": "Busy", "Cause": "later"}}));
}

#[test]
fn what_is_not_listed_is_not_retried() {
    let fields =
        json!({"Retry": [{"ErrorEquals": ["Busy"]}], "Catch": [{"ErrorEquals": ["Busy"], "Next": "Caught"}]});
    let mut world = World::begin(&one_task(&fields), json!({}));
    world.fail("Other", "why");
    assert_eq!(world.failure(), ("Other".to_owned(), "why".to_owned()));
    assert_eq!(world.types()[4..], ["TaskFailed", "ExecutionFailed"]);
}

#[test]
fn a_failure_without_a_name_is_caught_as_nulls() {
    let mut world = World::begin(
        &one_task(&json!({"Catch": [{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]})),
        json!({}),
    );
    world.fail("", "");
    assert_eq!(world.output(), json!({"Error": null, "Cause": null}));
}

#[test]
fn times_out() {
    let fields = json!({
        "TimeoutSecondsPath": "$.t",
        "Catch": [{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "Caught"}]
    });
    let mut world = World::begin(&one_task(&fields), json!({"t": 5}));
    world.submit(json!({}));
    assert!(world.wait());
    assert_eq!(world.cancelled, [world.token()]);
    assert_eq!(world.failure(), ("States.Timeout".to_owned(), String::new()));
    assert_eq!(world.types()[5..], ["TaskTimedOut", "ExecutionFailed"]);
}

#[test]
fn is_not_heard_of() {
    let fields = json!({
        "TimeoutSeconds": 600,
        "HeartbeatSeconds": 5,
        "Catch": [{"ErrorEquals": ["States.HeartbeatTimeout"], "ResultPath": null, "Next": "Caught"}]
    });
    let mut world = World::begin(&one_task(&fields), json!({"in": 1}));
    let begun = world.now;
    world.now = begun.plus(std::time::Duration::from_secs(4));
    assert!(world.tell(&Fact::Heartbeat { token: world.token() }).events.is_empty());
    assert!(world.wait());
    assert_eq!(world.now.millis() - begun.millis(), 9_000);
    assert_eq!(world.output(), json!({"in": 1}));
    assert!(world.timers.is_empty());
}

#[test]
fn a_refused_call_is_told_apart() {
    let mut world = World::begin(&one_task(&json!({})), json!({}));
    let failure = Failure::new("SQS.Refused", "no");
    world.tell(&Fact::TaskSubmitFailed { token: world.token(), failure });
    assert_eq!(world.types()[4..], ["TaskSubmitFailed", "ExecutionFailed"]);
}

#[test]
fn late_facts_change_nothing() {
    let fields = json!({"TimeoutSeconds": 9, "Retry": [{"ErrorEquals": ["States.ALL"]}]});
    let mut world = World::begin(&one_task(&fields), json!({}));
    let old = world.token();
    world.fail("E", "");
    world.wait();
    for fact in [
        Fact::TaskSucceeded { token: old.clone(), output: json!(1) },
        Fact::TaskFailed { token: old.clone(), failure: Failure::new("E", "") },
        Fact::TaskSubmitted { token: old.clone(), response: json!(1) },
        Fact::Heartbeat { token: old },
        Fact::TimerFired { timer: TimerId("timeout/2/0".to_owned()) },
        Fact::TimerFired { timer: TimerId("retry/2/1".to_owned()) },
        Fact::TimerFired { timer: TimerId("execution".to_owned()) },
        Fact::TimerFired { timer: TimerId("nonsense".to_owned()) },
        Fact::Started(Box::new(world::start(json!({})))),
    ] {
        let before = world.run.clone();
        let decision = world.tell(&fact);
        assert!(decision.events.is_empty() && decision.commands.is_empty(), "{fact:?}");
        assert_eq!(world.run, before);
    }
    world.succeed(json!({}));
    let decision = world.tell(&Fact::StopAsked { error: None, cause: None });
    assert!(decision.events.is_empty());
}

#[test]
fn is_stopped() {
    let mut world = World::begin(&one_task(&json!({"HeartbeatSeconds": 3})), json!({}));
    world.tell(&Fact::StopAsked { error: Some("Mine".to_owned()), cause: None });
    assert_eq!(world.finished, Some(Outcome::Aborted { error: Some("Mine".to_owned()), cause: None }));
    assert_eq!((world.cancelled.len(), world.timers.len()), (1, 0));
    let last = world.events.last().unwrap();
    assert_eq!((last.previous, last.type_name().as_str()), (0, "ExecutionAborted"));
    assert_eq!(last.to_aws()["executionAbortedEventDetails"], json!({"error": "Mine"}));
}

#[test]
fn the_execution_times_out() {
    let mut definition = one_task(&json!({}));
    definition["TimeoutSeconds"] = json!(10);
    let mut world = World::begin(&definition, json!({}));
    assert!(world.wait());
    assert_eq!(world.finished, Some(Outcome::TimedOut));
    assert_eq!(world.cancelled, [world.token()]);
    let definition = json!({"StartAt": "S", "TimeoutSeconds": 10, "States": {"S": {"Type": "Succeed"}}});
    assert!(World::begin(&definition, json!({})).timers.is_empty());
}

#[test]
fn waits() {
    let definition = json!({"StartAt": "W", "States": {
        "W": {"Type": "Wait", "SecondsPath": "$.s", "Next": "U"},
        "U": {"Type": "Wait", "Timestamp": "2016-03-14T01:59:00Z", "Next": "N"},
        "N": {"Type": "Wait", "Seconds": 0, "End": true},
    }});
    let mut world = World::begin(&definition, json!({"s": 3}));
    let begun = world.now;
    assert!(world.wait());
    assert_eq!((world.now.millis() - begun.millis(), world.output()), (3_000, json!({"s": 3})));
}

/// The error and the cause of an execution of one state.
#[track_caller]
fn fails(state: Value, input: Value, error: &str, cause: &str) {
    let definition = json!({"StartAt": "S", "States": {"S": state, "T": {"Type": "Succeed"}}});
    let definition = if definition["States"]["S"]["Type"] == "Choice" {
        definition
    } else {
        json!({"StartAt": "S", "States": {"S": definition["States"]["S"]}})
    };
    let world = World::begin(&definition, input);
    let (found, why) = world.failure();
    assert_eq!(found, error);
    assert!(why.contains(cause), "{why}");
}

#[test]
fn faults_of_data() {
    let choice = json!({"Type": "Choice", "Choices": [{"Variable": "$.a", "NumericEquals": 1, "Next": "T"}]});
    let prefix = "An error occurred while executing the state 'S' (entered at the event id #2). ";
    let no = "The choice state's condition path references an invalid value.";
    fails(choice.clone(), json!({}), "States.Runtime", &format!("{prefix}Invalid path '$.a': {no}"));
    fails(choice, json!({"a": 2}), "States.NoChoiceMatched", prefix);
    let pass = |fields: Value| {
        let mut state = json!({"Type": "Pass", "End": true});
        state.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        state
    };
    fails(pass(json!({"OutputPath": "$.x"})), json!({}), "States.Runtime", "No results for path: $['x']");
    fails(
        pass(json!({"ResultPath": "$.a.b"})),
        json!({"a": 1}),
        "States.ResultPathMatchFailure",
        "Unable to apply ReferencePath $.a.b to input {\"a\":1}",
    );
    fails(
        pass(json!({"Parameters": {"a.$": "States.ArrayLength($.a)"}})),
        json!({"a": 1}),
        "States.IntrinsicFailure",
        "The function 'States.ArrayLength($.a)' had the following error",
    );
    let big = json!({"a": "x".repeat(200_000)});
    let twice = json!({"Parameters": {"a.$": "$.a", "b.$": "$.a"}});
    fails(
        pass(twice),
        big,
        "States.DataLimitExceeded",
        "exceeding the maximum number of bytes service limit",
    );
    let deep = (0..100).fold(json!(1), |inner, _| json!([inner]));
    fails(pass(json!({"Parameters": {"a.$": "$"}})), deep, "States.DataLimitExceeded", "nests deeper");
    fails(
        json!({"Type": "Wait", "SecondsPath": "$.s", "End": true}),
        json!({"s": -1}),
        "States.Runtime",
        "negative",
    );
    fails(
        json!({"Type": "Fail", "ErrorPath": "$.e"}),
        json!({"e": 1}),
        "States.Runtime",
        "The field 'ErrorPath' must give a string",
    );
}

#[test]
fn a_cause_is_not_as_long_as_the_input() {
    let definition = json!({"StartAt": "S", "States": {
        "S": {"Type": "Pass", "Parameters": {"a.$": "$.no"}, "End": true},
    }});
    let world = World::begin(&definition, json!({"a": "é".repeat(100_000)}));
    assert_eq!(world.failure().1.chars().count(), 32_768);
}

#[test]
fn faults_of_tasks_are_caught_but_for_runtime() {
    let catch = json!([{"ErrorEquals": ["States.ALL"], "Next": "Caught"}]);
    let fields = json!({"Parameters": {"a.$": "States.StringToJson($.a)"}, "Catch": catch});
    let world = World::begin(&one_task(&fields), json!({"a": "{"}));
    assert_eq!(world.output()["Error"], json!("States.IntrinsicFailure"));
    let world = World::begin(&one_task(&fields), json!({}));
    assert_eq!(world.failure().0, "States.Runtime");
    let mut world = World::begin(&one_task(&json!({"Catch": catch})), json!({}));
    world.succeed(json!("x".repeat(300_000)));
    assert_eq!(world.failure().0, "States.DataLimitExceeded");
    assert_eq!(world.types()[4..], ["TaskFailed", "ExecutionFailed"]);
}

#[test]
fn a_machine_that_never_waits_ends() {
    let definition = json!({"StartAt": "A", "States": {
        "A": {"Type": "Choice", "Choices": [{"Variable": "$.stop", "IsPresent": true, "Next": "C"}], "Default": "B"},
        "B": {"Type": "Pass", "Next": "A"},
        "C": {"Type": "Succeed"},
    }});
    let mut world = World::begin(&definition, json!({}));
    while world.wait() {}
    assert_eq!((world.events.len(), world.run.last_event_id()), (25_000, 25_000));
    assert!(world.longest <= 201, "{}", world.longest);
    let cause = "The execution reached the maximum number of history events (25000).";
    assert_eq!(world.failure(), ("States.Runtime".to_owned(), cause.to_owned()));
}

#[test]
fn a_history_that_is_full_gives_up_its_task() {
    let fields =
        json!({"TimeoutSeconds": 60, "Retry": [{"ErrorEquals": ["States.ALL"], "MaxAttempts": 99_999}]});
    let mut world = World::begin(&one_task(&fields), json!({}));
    while world.finished.is_none() {
        if world.run.open_tokens().is_empty() || world.run.last_event_id() + 1 == 25_000 {
            world.submit(json!({}));
            world.wait();
        } else {
            world.fail("E", "");
        }
    }
    assert_eq!(world.failure().0, "States.Runtime");
    assert_eq!((world.events.len(), world.timers.len()), (25_000, 0));
}

#[test]
fn large_data_goes_round_in_small_decisions() {
    let definition = json!({"StartAt": "A", "States": {
        "A": {"Type": "Choice", "Choices": [{"Variable": "$", "IsNull": true, "Next": "C"}], "Default": "B"},
        "B": {"Type": "Pass", "Next": "A"},
        "C": {"Type": "Succeed"},
    }});
    let world = World::begin(&definition, json!("x".repeat(250_000)));
    assert!(world.longest < 50, "{}", world.longest);
    assert_eq!(world.timers.len(), 1);
}

/// All variables of an execution together have a bound; those of an iteration are gone when it has ended.
#[test]
fn variables_have_an_end() {
    let input = json!({"big": "x".repeat(250_000), "list": vec![0; 50]});
    let pass = |n: usize, way: Value| {
        let mut state = json!({"Type": "Pass", "Assign": {format!("v{n}.$"): "$.big"}});
        state.as_object_mut().unwrap().extend(way.as_object().unwrap().clone());
        state
    };
    let chain = |length: usize| {
        let way =
            |n| if n + 1 == length { json!({"End": true}) } else { json!({"Next": format!("S{}", n + 1)}) };
        let states: serde_json::Map<_, _> = (0..length).map(|n| (format!("S{n}"), pass(n, way(n)))).collect();
        World::begin(&json!({"StartAt": "S0", "States": states}), input.clone())
    };
    let run_out = |mut world: World| {
        while world.finished.is_none() && world.wait() {}
        world
    };
    assert_eq!(run_out(chain(41)).output(), input);
    let (error, cause) = run_out(chain(42)).failure();
    assert_eq!(error, "States.DataLimitExceeded");
    assert!(cause.contains("'S41'") && cause.contains("total size of all variables"), "{cause}");
    let processor = json!({"StartAt": "S", "States": {"S": pass(0, json!({"End": true}))}});
    let map = json!({
        "Type": "Map", "ItemsPath": "$.list", "MaxConcurrency": 1, "ItemProcessor": processor,
        "ItemSelector": {"big.$": "$.big"}, "ResultPath": null, "End": true,
    });
    let world = World::begin(&json!({"StartAt": "M", "States": {"M": map}}), input.clone());
    assert_eq!(run_out(world).output(), input);
}

/// What fails in a branch long after all that was told is tried again too.
#[test]
fn a_silent_failure_is_retried() {
    let wait =
        json!({"Type": "Wait", "Seconds": 1, "Assign": {"x.$": "States.StringToJson($.text)"}, "End": true});
    let branch = |states: Value| json!({"StartAt": "W", "States": states});
    let retry = json!([{"ErrorEquals": ["States.IntrinsicFailure"], "IntervalSeconds": 1, "MaxAttempts": 2}]);
    let inside = json!({"StartAt": "V", "States": {"V": wait}});
    for states in [json!({"W": wait}), json!({"W": {"Type": "Parallel", "Branches": [inside], "End": true}})]
    {
        let parallel = json!({"Type": "Parallel", "Branches": [branch(states)], "Retry": retry, "End": true});
        let mut world =
            World::begin(&json!({"StartAt": "P", "States": {"P": parallel}}), json!({"text": "{"}));
        while world.finished.is_none() && world.wait() {}
        assert_eq!(world.failure().0, "States.IntrinsicFailure");
        let entered = world.types().iter().filter(|kind| *kind == "WaitStateEntered").count();
        assert_eq!(entered, 3, "{:?}", world.types());
        assert!(world.timers.is_empty(), "{:?}", world.timers);
        let folded = trainyard_engine::Run::fold(&world.events);
        assert_eq!(folded, world.run);
    }
}

#[test]
fn more_data_is_handed_on_where_more_is_taken() {
    let twice = json!({"StartAt": "S", "States": {
        "S": {"Type": "Pass", "Parameters": {"a.$": "$.a", "b.$": "$.a"}, "Next": "T"},
        "T": {"Type": "Task", "Resource": "arn:aws:states:::sns:publish", "Parameters": {"all.$": "$"}, "End": true},
    }});
    let half = "x".repeat(500_000);
    let mut world = World::begin_within(2 << 20, &twice, json!({"a": half}));
    assert_eq!(world.calls[0].parameters["all"]["b"], json!(half));
    world.succeed(json!({"a": half, "b": half, "c": half}));
    assert_eq!(world.output()["c"], json!(half));
    // A limit that is lowered is that of what comes from then on.
    let mut world = World::begin_within(2 << 20, &twice, json!({"a": half}));
    world.payload_limit = PAYLOAD_LIMIT;
    world.succeed(json!(half));
    assert_eq!(world.failure().0, "States.DataLimitExceeded");
    let jsonata = json!({"QueryLanguage": "JSONata", "StartAt": "S", "States": {
        "S": {"Type": "Pass", "Output": "{% $states.input.a %}", "End": true},
    }});
    let whole = json!({"a": {"b": half, "c": half, "d": half}});
    assert_eq!(World::begin_within(2 << 20, &jsonata, whole.clone()).output(), whole["a"]);
    assert_eq!(World::begin(&jsonata, whole).failure().0, "States.DataLimitExceeded");
}
