//! States by themselves.

use serde_json::{Value, json};
use trainyard_domain::{Failure, Timestamp};
use trainyard_lang::asl::{Stage, parse_state};

use super::*;
use crate::PAYLOAD_LIMIT;

fn begin(definition: &Value, input: Value, change: impl FnOnce(&mut Setting)) -> Trial {
    let state = parse_state(&definition.to_string()).unwrap();
    let start = Start {
        execution_arn: "arn:aws:states:eu-west-1:000000000000:express:m:e".to_owned(),
        name: "e".to_owned(),
        role_arn: String::new(),
        start_time: Timestamp(0),
        input: input.into(),
        machine_arn: "arn:aws:states:eu-west-1:000000000000:stateMachine:m".to_owned(),
        machine_name: "m".to_owned(),
        redrive_count: None,
        redrive_time: None,
    };
    let mut setting = Setting { start, variables: BTreeMap::new(), context: None, retries: 0 };
    change(&mut setting);
    Trial::begin(state, setting, Moment { now: Timestamp(1_000), seed: 7, payload_limit: PAYLOAD_LIMIT })
}

fn trial(definition: &Value, input: Value) -> Trial {
    begin(definition, input, |_| {})
}

/// What the state hands on, and the names of the stages that are shown.
#[track_caller]
fn check(trial: &Trial, output: Value, next: Option<&str>, stages: &[Stage]) {
    let report = trial.report().expect("it is done");
    let End::Left { output: left, next: to } = report.end else { panic!("{:?}", report.end) };
    assert_eq!((left.value(), to.as_deref()), (&output, next));
    assert_eq!(report.stages.keys().copied().collect::<Vec<_>>(), stages);
}

#[track_caller]
fn fails(trial: &Trial, error: &str) -> Failure {
    match trial.report().map(|report| report.end) {
        Some(End::Failed(failure)) if failure.error == error => failure,
        other => panic!("{other:?}"),
    }
}

fn task(more: &Value) -> Value {
    let mut state = json!({"Type": "Task", "Resource": "arn:aws:states:::sqs:sendMessage", "Next": "Then"});
    for (name, value) in more.as_object().into_iter().flatten() {
        state[name] = value.clone();
    }
    state
}

fn map(more: &Value) -> Value {
    let processor = json!({"StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}});
    let mut state = json!({"Type": "Map", "ItemProcessor": processor, "End": true});
    for (name, value) in more.as_object().into_iter().flatten() {
        state[name] = value.clone();
    }
    state
}

fn boom() -> Failure {
    Failure::new("Boom", "it broke")
}

#[test]
fn a_pass_state_shows_what_becomes_of_its_input() {
    let state = json!({"Type": "Pass", "InputPath": "$.a", "ResultPath": "$.b", "Next": "Then"});
    let stages =
        [Stage::AfterInputPath, Stage::AfterParameters, Stage::AfterResultSelector, Stage::AfterResultPath];
    check(&trial(&state, json!({"a": 1})), json!({"a": 1, "b": 1}), Some("Then"), &stages);
}

#[test]
fn a_result_of_its_own_takes_the_place_of_a_pass_states_input() {
    let state = json!({"Type": "Pass", "InputPath": "$.a", "Result": [1], "End": true});
    let stages = [Stage::Result, Stage::AfterResultSelector, Stage::AfterResultPath];
    check(&trial(&state, json!({})), json!([1]), None, &stages);
}

#[test]
fn states_without_work_are_done_at_once() {
    let seen = [Stage::AfterInputPath];
    check(&trial(&json!({"Type": "Succeed"}), json!(3)), json!(3), None, &seen);
    let wait = json!({"Type": "Wait", "Seconds": 1_000_000, "Next": "Then"});
    check(&trial(&wait, json!(3)), json!(3), Some("Then"), &seen);
    let choice = json!({"Type": "Choice", "Choices": [
        {"Variable": "$.n", "NumericGreaterThan": 5, "Next": "More"}], "Default": "Less"});
    check(&trial(&choice, json!({"n": 6})), json!({"n": 6}), Some("More"), &seen);
    let fail = trial(&json!({"Type": "Fail", "Error": "Boom", "Cause": "it broke"}), json!({}));
    assert_eq!(fails(&fail, "Boom"), boom());
    assert_eq!(fail.report().unwrap().stages.len(), 1);
}

#[test]
fn a_task_waits_for_its_result() {
    let state = task(&json!({"Parameters": {"MessageBody.$": "$.m"}, "ResultPath": "$.r"}));
    let mut trial = trial(&state, json!({"m": "hello"}));
    let Wanted::Task(call) = trial.wanted() else { panic!("{:?}", trial.wanted()) };
    assert_eq!(*call.parameters, json!({"MessageBody": "hello"}));
    assert_eq!(trial.report(), None);
    trial.answer(Ok(json!({"MessageId": "1"})));
    let stages = [
        Stage::AfterInputPath,
        Stage::AfterParameters,
        Stage::Result,
        Stage::AfterResultSelector,
        Stage::AfterResultPath,
    ];
    check(&trial, json!({"m": "hello", "r": {"MessageId": "1"}}), Some("Then"), &stages);
    assert_eq!(trial.wanted(), Wanted::Nothing);
}

#[test]
fn what_cannot_be_evaluated_fails_the_state_without_an_event_to_point_at() {
    let trial = trial(&task(&json!({"Parameters": {"MessageBody.$": "$.gone"}})), json!({}));
    let failure = fails(&trial, "States.Runtime");
    assert!(failure.cause.starts_with("The JSONPath '$.gone'"), "{}", failure.cause);
}

#[test]
fn a_failure_is_tried_again_as_often_as_the_retrier_says() {
    let retry = json!([
        {"ErrorEquals": ["Other"]},
        {"ErrorEquals": ["Boom"], "IntervalSeconds": 3, "BackoffRate": 2, "MaxAttempts": 2},
    ]);
    let catch = json!([{"ErrorEquals": ["States.ALL"], "Next": "Caught", "ResultPath": "$.e"}]);
    for (retries, seconds) in [(0, Some(3)), (1, Some(6)), (2, None), (9, None)] {
        let state = task(&json!({"Retry": retry, "Catch": catch}));
        let mut trial = begin(&state, json!({"a": 1}), |setting| setting.retries = retries);
        trial.answer(Err(boom()));
        let report = trial.report().unwrap();
        assert_eq!(report.retrier, Some(1));
        match seconds {
            Some(seconds) => assert_eq!(report.end, End::Retried { failure: boom(), seconds }),
            None => {
                let output = json!({"a": 1, "e": {"Error": "Boom", "Cause": "it broke"}}).into();
                let next = Some("Caught".to_owned());
                assert_eq!(report.end, End::Caught { failure: boom(), output, next });
                assert_eq!(report.catcher, Some(0));
            }
        }
    }
}

#[test]
fn branches_are_answered_for_all_together() {
    let branch = |name: &str| json!({"StartAt": name, "States": {name: {"Type": "Pass", "End": true}}});
    let branches = [branch("P"), branch("Q")];
    let retry = json!([{"ErrorEquals": ["Boom"]}]);
    let state =
        json!({"Type": "Parallel", "Branches": branches, "ResultPath": "$.r", "Retry": retry, "End": true});
    let mut well = trial(&state, json!({}));
    assert_eq!(well.wanted(), Wanted::Branches(2));
    well.answer(Ok(json!([1, 2])));
    check(&well, json!({"r": [1, 2]}), None, &[Stage::AfterResultSelector, Stage::AfterResultPath]);
    let mut badly = trial(&state, json!({}));
    badly.answer(Err(boom()));
    assert_eq!(badly.report().unwrap().end, End::Retried { failure: boom(), seconds: 1 });
}

#[test]
fn iterations_are_answered_for_all_together_wherever_they_run() {
    let processor = json!({"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"},
        "StartAt": "P", "States": {"P": {"Type": "Pass", "End": true}}});
    for more in [json!({}), json!({"ItemProcessor": processor})] {
        let mut more = more;
        more["ItemsPath"] = json!("$.list");
        more["ItemSelector"] = json!({"n.$": "$$.Map.Item.Index", "v.$": "$$.Map.Item.Value"});
        more["MaxConcurrency"] = json!(3);
        let mut trial = trial(&map(&more), json!({"list": ["a", "b"]}));
        assert_eq!(trial.wanted(), Wanted::Iterations);
        let plan = trial.plan().unwrap();
        assert_eq!((plan.items.as_deref(), plan.concurrency), (Some(&json!(["a", "b"])), 3));
        let inputs = trial.select(vec![json!("a"), json!("b")]);
        let inputs: Vec<_> = inputs.iter().map(Payload::value).collect();
        assert_eq!(inputs, [&json!({"n": 0, "v": "a"}), &json!({"n": 1, "v": "b"})]);
        trial.answer(Ok(json!([true, false])));
        let stages = [
            Stage::AfterInputPath,
            Stage::AfterItemsPath,
            Stage::AfterItemSelector,
            Stage::AfterResultSelector,
            Stage::AfterResultPath,
        ];
        check(&trial, json!([true, false]), None, &stages);
    }
}

#[test]
fn what_is_too_much_to_be_shown_is_not_made() {
    #[track_caller]
    fn check(selector: &Value, items: usize) {
        let more = json!({"ItemsPath": "$.list", "ItemSelector": selector});
        let list = vec![json!("x"); items];
        let mut trial = trial(&map(&more), json!({"list": list}));
        assert!(trial.select(list).is_empty());
        fails(&trial, "States.DataLimitExceeded");
    }
    check(&json!({"whole.$": "$"}), 500);
    check(&json!({"index.$": "$$.Map.Item.Index"}), 5_000);
}

#[test]
fn a_list_that_is_none_fails_a_map_before_anything_is_counted() {
    let trial = trial(&map(&json!({"ItemsPath": "$.n", "MaxConcurrency": 3})), json!({"n": 1}));
    fails(&trial, "States.Runtime");
    assert_eq!((trial.plan(), trial.wanted()), (None, Wanted::Nothing));
}

#[test]
fn the_context_object_is_that_of_an_express_execution_or_the_one_given() {
    let state = json!({"Type": "Pass", "Parameters": {"c.$": "$$"}, "OutputPath": "$.c", "End": true});
    let End::Left { output, .. } = trial(&state, json!({})).report().unwrap().end else {
        panic!("it failed")
    };
    assert_eq!(output["Execution"]["RoleArn"], Value::Null);
    assert_eq!(output["Execution"].get("RedriveCount"), None);
    assert_eq!(output["State"], json!({"Name": NAME, "EnteredTime": "1970-01-01T00:00:01.000Z"}));
    let given = json!({"State": {}});
    let trial = begin(&state, json!({}), |setting| setting.context = Some(given.clone()));
    let End::Left { output, .. } = trial.report().unwrap().end else { panic!("it failed") };
    assert_eq!(*output, given);
}

#[test]
fn variables_are_seen_and_set() {
    let state = json!({"Type": "Pass", "Parameters": {"x.$": "$x"}, "Assign": {"y": 2}, "End": true});
    let trial = begin(&state, json!({}), |setting| {
        setting.variables.insert("x".to_owned(), json!(1).into());
    });
    let report = trial.report().unwrap();
    let variables: Vec<_> =
        report.variables.iter().map(|(name, value)| (name.as_str(), value.value())).collect();
    assert_eq!(variables, [("x", &json!(1)), ("y", &json!(2))]);
}
