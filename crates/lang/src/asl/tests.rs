use serde_json::{Value, json};

use super::{
    Jitter, Next, Retrier, Scope, StateKind, check, diagnostic::Report, invalid_definition, parse,
    parse_value, template::Template,
};

/// The faults of a machine of one state.
#[track_caller]
fn faults(state: Value, expect: &[&str]) {
    let machine = json!({"StartAt": "S", "States": {"S": state, "T": {"Type": "Succeed"}}});
    let found: Vec<String> = match parse_value(&machine) {
        Ok(_) => Vec::new(),
        Err(found) => found.iter().map(ToString::to_string).collect(),
    };
    let found: Vec<&str> =
        found.iter().map(String::as_str).filter(|f| !f.contains("\"T\" is not reachable")).collect();
    assert_eq!(found.len(), expect.len(), "{found:#?}");
    for (found, expect) in found.iter().zip(expect) {
        assert!(found.contains(expect), "{found}\nlacks\n{expect}");
    }
}

const RESOURCE: &str = "arn:aws:states:::sagemaker:createTrainingJob.sync";

#[test]
fn takes_a_whole_machine() {
    let text = include_str!("tests/whole.asl.json");
    let machine = parse(text).map_err(|e| invalid_definition(&e)).unwrap();
    assert_eq!(
        (machine.graph.start_at.as_str(), machine.timeout_seconds, machine.graph.states.len()),
        ("Shape", Some(3600), 7)
    );
    let StateKind::Task(train) = &machine.graph.states["Train"].kind else { panic!() };
    assert_eq!(train.resource.to_string(), RESOURCE);
    assert_eq!((train.retry.len(), train.catch.len()), (2, 1));
    assert_eq!(train.next, Next::State("Gate".to_owned()));
    assert!(
        machine.express_diagnostics()[0].to_string().contains("'.sync' service integration at /States/Train")
    );
}

#[test]
fn the_whole_definition() {
    #[track_caller]
    fn message(text: &str, expect: &str) {
        assert_eq!(
            invalid_definition(&parse(text).unwrap_err()),
            format!("Invalid State Machine Definition: '{expect}'")
        );
    }
    message("{}", "SCHEMA_VALIDATION_FAILED: These fields are required: [States, StartAt] at /");
    message(" ", "SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object");
    message("[]", "SCHEMA_VALIDATION_FAILED: Definition must be a valid JSON object");
    message(
        r#"{"StartAt": "A", "States": {"B": {"Type": "Succeed"}}}"#,
        "MISSING_TRANSITION_TARGET: Missing 'StartAt' target: A at /StartAt",
    );
    message(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Nope", "End": true}}}"#,
        "SCHEMA_VALIDATION_FAILED: The field 'Type' should have one of these values: [Task, Wait, Pass, Succeed, \
         Fail, Choice, Parallel, Map] at /States/A/Type",
    );
    message(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "B": {"Type": "Succeed"}}}"#,
        "MISSING_TRANSITION_TARGET: State \"B\" is not reachable. at /States/B",
    );
    assert!(parse("{\"StartAt\"").unwrap_err()[0].message.contains("line 1"));
    assert!(parse(&"x".repeat(1_048_577)).unwrap_err()[0].message.contains("1048576"));
}

#[test]
fn every_fault_is_said_at_once() {
    faults(
        json!({"Type": "Pass", "InputPath": "nope", "ResultPath": "$..a", "Nonsense": 1, "Next": "Gone"}),
        &[
            "/States/S/InputPath",
            "/States/S/ResultPath",
            "The field 'Nonsense' is not supported by Step Functions",
            "Missing 'Next' target: Gone",
        ],
    );
    faults(
        json!({"Type": "Pass", "Parameters": {"a.$": "x", "b": [{"c.$": 1}]}, "End": true}),
        &["'a.$' must be a valid JSONPath or a valid intrinsic function call", "at /States/S/Parameters/b/0"],
    );
    faults(json!({"Type": "Pass", "Next": "Gone"}), &["Missing 'Next' target: Gone at /States/S/Next"]);
    faults(json!({"Type": "Pass"}), &["[Next, End]"]);
    faults(json!({"Type": "Pass", "Next": "T", "End": true}), &["[Next, End]"]);
}

#[test]
fn faults_of_tasks() {
    faults(json!({"Type": "Task", "End": true}), &["These fields are required: [Resource] at /States/S"]);
    let all = json!({"ErrorEquals": ["States.ALL"]});
    faults(
        json!({
            "Type": "Task", "Resource": RESOURCE, "End": true,
            "TimeoutSeconds": 5, "HeartbeatSeconds": 5,
            "Retry": [all, {"ErrorEquals": [], "BackoffRate": 0.5, "MaxDelaySeconds": 1, "JitterStrategy": "SOME"}],
            "Catch": [{"ErrorEquals": ["States.ALL", "X"], "Next": "T"}, {"ErrorEquals": "X"}],
        }),
        &[
            "at /States/S/HeartbeatSeconds",
            "At least one error name",
            "at /States/S/Retry/1/MaxDelaySeconds",
            "at /States/S/Retry/1/BackoffRate",
            "[FULL, NONE]",
            "States.ALL must be in the last entry at /States/S/Retry/0",
            "States.ALL must appear alone",
            "at /States/S/Catch/1/ErrorEquals",
            "These fields are required: [Next] at /States/S/Catch/1",
        ],
    );
    faults(
        json!({"Type": "Task", "Resource": RESOURCE, "TimeoutSeconds": 0, "TimeoutSecondsPath": "$.a[*]", "End": true}),
        &["Only one of these fields", "between 1 and 99999999", "Reference Path"],
    );
}

#[test]
fn faults_of_choices_and_waits() {
    faults(
        json!({"Type": "Choice", "Choices": [
            {"Variable": "$.a", "StringEquals": 1, "Next": "T"},
            {"Variable": "$.a", "NumericNearly": 1, "Next": "T"},
            {"Variable": "$.a", "IsNull": true},
            {"And": [{"Variable": "$.a", "IsNull": true, "Next": "T"}], "Next": "T"},
            {"Not": {}, "Next": "T"},
            {"StringEquals": "x", "Next": "T"},
            {"Variable": "$.a", "TimestampEquals": "today", "Next": "T"},
        ]}),
        &[
            "Expected value of type String at /States/S/Choices/0/StringEquals",
            "The field 'NumericNearly' is not supported",
            "[Next] at /States/S/Choices/2",
            "only allowed in the outermost choice",
            "Exactly one comparison operator",
            "[Variable] at /States/S/Choices/5",
            "at /States/S/Choices/6/TimestampEquals",
        ],
    );
    faults(json!({"Type": "Wait", "End": true}), &["[Seconds, SecondsPath, Timestamp, TimestampPath]"]);
    faults(json!({"Type": "Wait", "Timestamp": "2016-03-14 01:59:00Z", "End": true}), &["/Timestamp"]);
    faults(
        json!({"Type": "Fail", "Error": "E", "ErrorPath": "$.e", "End": true}),
        &["[Error, ErrorPath]", "'End'"],
    );
}

#[test]
fn says_line_and_column() {
    let text = "{\"StartAt\": \"A\",\n \"States\": {\"A\": {\"Type\": \"Pass\",\n  \"InputPath\": \"x\", \"End\": true}}}";
    let found = check(text).unwrap_err();
    assert!(found[0].to_string().starts_with("3:"), "{}", found[0]);
    assert_eq!(found[0].code, Some("SCHEMA_VALIDATION_FAILED"));
    assert!(check("{\"a\": 1, \"a\": 2}").is_err());
}

#[test]
fn templates_are_filled() {
    let report = Report::default();
    let text =
        json!({"a.$": "$.x", "b": [{"c.$": "$$.Name"}, 1], "d": {"e.$": "States.Array($.x)"}, "f": "$.x"});
    let template = Template::parse(&text, "", &report);
    assert!(report.into_diagnostics().is_empty());
    let (input, context) = (json!({"x": 1}), json!({"Name": "n"}));
    let make = || context.clone();
    let filled = template.fill(Scope::new(&input, 0).with_context(&make).view(&input));
    assert_eq!(filled, Ok(json!({"a": 1, "b": [{"c": "n"}, 1], "d": {"e": [1]}, "f": "$.x"})));
    let nothing = json!({});
    let fault = template.fill(Scope::new(&nothing, 0).view(&nothing)).unwrap_err();
    assert_eq!(fault.error, "States.Runtime");
    assert_eq!(
        fault.cause,
        "The JSONPath '$.x' specified for the field 'a.$' could not be found in the input '{}'"
    );
}

#[test]
fn a_template_cannot_make_too_much() {
    let report = Report::default();
    let many: serde_json::Map<String, Value> = (0..1000).map(|n| (format!("{n}.$"), json!("$"))).collect();
    let template = Template::parse(&Value::Object(many), "", &report);
    let input = json!("x".repeat(200_000));
    let fault = template.fill(Scope::new(&input, 0).view(&input)).unwrap_err();
    assert_eq!(fault.error, "States.DataLimitExceeded");
}

#[test]
fn retries_wait_longer_each_time() {
    let retrier = Retrier {
        errors: vec!["States.ALL".to_owned()],
        interval: 2,
        max_attempts: 9,
        backoff_rate: 1.5,
        max_delay: Some(4),
        jitter: Jitter::None,
    };
    assert_eq!([0, 1, 2, 9, u32::MAX].map(|n| retrier.delay_millis(n, 0)), [2000, 3000, 4000, 4000, 4000]);
    let random = Retrier { jitter: Jitter::Full, ..retrier };
    assert_eq!(
        [0, 2000, 2001, u64::MAX].map(|dice| random.delay_millis(0, dice)).map(|ms| ms <= 2000),
        [true; 4]
    );
}

#[test]
fn errors_match_by_name() {
    #[track_caller]
    fn check(listed: &str, names: &[&str], expect: bool) {
        let retrier = Retrier {
            errors: vec![listed.to_owned()],
            interval: 1,
            max_attempts: 1,
            backoff_rate: 1.0,
            max_delay: None,
            jitter: Jitter::None,
        };
        assert_eq!(retrier.takes(names), expect, "{listed} {names:?}");
    }
    check("X", &["X"], true);
    check("X", &["Y"], false);
    check("States.ALL", &["X"], true);
    check("States.ALL", &[], true);
    check("States.ALL", &["States.Timeout"], true);
    check("States.ALL", &["States.Runtime"], false);
    check("States.Runtime", &["States.Runtime"], false);
    check("States.ALL", &["States.DataLimitExceeded"], false);
    check("States.DataLimitExceeded", &["States.DataLimitExceeded"], true);
    check("States.TaskFailed", &["X"], true);
    check("States.TaskFailed", &["States.Timeout"], false);
    check("States.HeartbeatTimeout", &["States.Timeout", "States.HeartbeatTimeout"], true);
    check("States.Timeout", &["States.Timeout", "States.HeartbeatTimeout"], true);
    check("States.HeartbeatTimeout", &["States.Timeout"], false);
}
