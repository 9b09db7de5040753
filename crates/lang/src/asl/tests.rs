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
    let broken = parse("{\"StartAt\": ]}").unwrap_err();
    assert!(broken[0].to_string().starts_with("INVALID_JSON_DESCRIPTION: Unexpected"), "{broken:?}");
    assert!(broken[0].message.contains("line: 1"), "{broken:?}");
    assert!(parse(&"x".repeat(1_048_577)).unwrap_err()[0].message.contains("1048576"));
}

#[test]
fn every_fault_is_said_at_once() {
    faults(
        json!({"Type": "Pass", "InputPath": "nope", "ResultPath": "$..a", "Nonsense": 1, "Next": "Gone"}),
        &[
            "/States/S/InputPath",
            "/States/S/ResultPath",
            "Field 'Nonsense' is not supported",
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
            "Value cannot be empty",
            "at /States/S/Retry/1/MaxDelaySeconds",
            "at /States/S/Retry/1/BackoffRate",
            "[NONE, FULL]",
            "States.ALL must appear alone and at end of list at /States/S/Retry/0/ErrorEquals",
            "States.ALL must appear alone and at end of list at /States/S/Catch/0/ErrorEquals",
            "at /States/S/Catch/1/ErrorEquals",
            "These fields are required: [Next] at /States/S/Catch/1",
        ],
    );
    faults(
        json!({"Type": "Task", "Resource": RESOURCE, "TimeoutSeconds": 0, "TimeoutSecondsPath": "$.a[*]", "End": true}),
        &[
            "There should only be one of the following fields",
            "Minimum value is 1",
            "Value is not a Reference Path",
        ],
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
            "Field 'NumericNearly' is not supported",
            "[Next] at /States/S/Choices/2",
            "Field 'Next' is not supported at /States/S/Choices/3/And/0",
            "The object must have only one of the following fields, [And, Or, Not, Variable, Condition]",
            "[Variable] at /States/S/Choices/5",
            "String does not match RFC3339 timestamp at /States/S/Choices/6/TimestampEquals",
        ],
    );
    faults(
        json!({"Type": "Wait", "End": true}),
        &[
            "This object should have only one of the following fields: [SecondsPath, Seconds, TimestampPath, Timestamp]",
        ],
    );
    faults(json!({"Type": "Wait", "Timestamp": "2016-03-14 01:59:00Z", "End": true}), &["/Timestamp"]);
    faults(
        json!({"Type": "Fail", "Error": "E", "ErrorPath": "$.e", "End": true}),
        &[
            "There should only be one of the following fields: [Error, ErrorPath]",
            "Field 'End' is not supported",
        ],
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
    let filled = template.fill(Scope::new(&input, 0).with_context(&context).view(&input));
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

#[test]
fn fields_belong_to_a_language() {
    faults(
        json!({"Type": "Pass", "QueryLanguage": "JSONata", "InputPath": "$.a", "Result": 1, "Arguments": 1, "End": true}),
        &[
            "The QueryLanguage is set to 'JSONata', but field 'InputPath' is only supported for the 'JSONPath' \
             QueryLanguage at /States/S",
            "field 'Result'",
            "Field 'Arguments' is not supported",
        ],
    );
    faults(
        json!({"Type": "Pass", "Output": 1, "End": true}),
        &["The QueryLanguage is set to 'JSONPath', but field 'Output' is only supported for the 'JSONata'"],
    );
    faults(
        json!({"Type": "Wait", "QueryLanguage": "JSONata", "SecondsPath": "$.a", "End": true}),
        &["[Seconds, Timestamp]", "field 'SecondsPath'"],
    );
    faults(
        json!({"Type": "Choice", "QueryLanguage": "JSONata", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "T"}]}),
        &["These fields are required: [Condition]", "field 'Variable'", "Field 'IsNull' is not supported"],
    );
    faults(json!({"Type": "Pass", "QueryLanguage": "XPath", "End": true}), &["[JSONPath, JSONata]"]);
    faults(
        json!({"Type": "Pass", "QueryLanguage": "JSONata", "Output": {"a": ["{% 1", " {% no %} "]}, "End": true}),
        &["JSONata string must start with {% and end with %} at /States/S/Output/a/0"],
    );
}

#[test]
fn names_are_the_only_ones_of_their_kind() {
    let inner = |name: &str| json!({"StartAt": name, "States": {name: {"Type": "Pass", "End": true}}});
    faults(
        json!({"Type": "Parallel", "Branches": [inner("A"), inner("T"), inner("A")], "End": true}),
        &[
            "DUPLICATE_STATE_NAME: Duplicate State name: A at /States/S/Branches/2/States/A",
            "DUPLICATE_STATE_NAME: Duplicate State name: T",
        ],
    );
    faults(
        json!({"Type": "Pass", "Assign": {"states": 1, "a-b": 1, "ok.$": "$.x", "1": 2, "é_1": 3}, "End": true}),
        &[
            "RESERVED_VARIABLE_NAME: Cannot assign to reserved variable '$states'.",
            "INVALID_VARIABLE_NAME: Invalid variable name 'a-b': the variable name contains invalid characters.",
            "Invalid variable name '1'",
        ],
    );
}

#[test]
fn faults_of_maps() {
    let processor = json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "B"}}});
    faults(
        json!({"Type": "Map", "ItemProcessor": processor, "MaxConcurrency": -1, "ItemReader": {}, "End": true}),
        &["Minimum value is 0", "Missing 'Next' target: B", "Field 'ItemReader' is not supported"],
    );
    let processor = json!({
        "ProcessorConfig": {"Mode": "DISTRIBUTED"}, "QueryLanguage": "JSONata",
        "StartAt": "A", "States": {"A": {"Type": "Pass", "End": true}},
    });
    faults(
        json!({
            "Type": "Map", "ItemProcessor": processor, "End": true, "Label": "a:b", "ItemsPath": "$.a[*]",
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:putObject",
                "ReaderConfig": {"InputType": "CSV", "MaxItems": 1, "MaxItemsPath": "$.n"},
            },
            "ItemBatcher": {}, "ResultWriter": {"WriterConfig": {"OutputType": "XML"}},
            "ToleratedFailurePercentage": 101,
        }),
        &[
            "Value is not a Reference Path at /States/S/ItemsPath",
            "Maximum value is 100.0",
            "These fields are required: [ExecutionType]",
            "Field 'QueryLanguage' is not supported at /States/S/ItemProcessor",
            "does not match any of the allowed values at /States/S/ItemReader/Resource",
            "'CSVHeaderLocation' is required at /States/S/ItemReader/ReaderConfig",
            "[MaxItems, MaxItemsPath]",
            "[MaxItemsPerBatch, MaxInputBytesPerBatch]",
            "[JSON, JSONL]",
            "INVALID_LABEL_NAME",
        ],
    );
}

#[test]
fn variables_that_states_refer_to() {
    let machine = json!({"StartAt": "A", "States": {
        "A": {"Type": "Pass", "InputPath": "$a.x", "Parameters": {"p.$": "States.Array($b[0], States.Hash($c, 'MD5'))"},
              "Assign": {"d": 1}, "OutputPath": "$$", "Next": "B"},
        "B": {"Type": "Choice", "Choices": [{"Variable": "$e", "StringEqualsPath": "$f.g", "Next": "C"}], "Default": "C"},
        "C": {"Type": "Map", "QueryLanguage": "JSONata", "Items": "{% $g[0] %}", "End": true, "ItemProcessor":
              {"StartAt": "D", "States": {"D": {"Type": "Pass", "Assign": {"h.$": "$i"}, "End": true}}}},
    }});
    let machine = parse_value(&machine).map_err(|e| invalid_definition(&e)).unwrap();
    let expect = json!({"A": ["a", "b", "c"], "B": ["e", "f"], "C": ["g"], "D": ["i"]});
    assert_eq!(json!(machine.variable_references), expect);
}

#[test]
fn an_execution_must_be_able_to_end() {
    let machine = json!({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "A"}}});
    let found = invalid_definition(&parse_value(&machine).unwrap_err());
    assert!(found.contains("'MISSING_END_STATE: Workflow has no terminal state at null'"), "{found}");
}
