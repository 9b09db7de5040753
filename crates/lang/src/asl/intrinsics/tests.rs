use serde_json::{Value, json};

use super::{Call, CallFault};
use crate::asl::scope::Scope;

#[track_caller]
fn run(call: &str, input: &Value) -> Result<Value, CallFault> {
    let context = json!({"Execution": {"Name": "run-1"}});
    let scope = Scope::new(input, 7).with_context(&context);
    Call::parse(call).unwrap().evaluate(scope.view(input))
}

#[track_caller]
fn check(call: &str, expect: Value) {
    let input = json!({"a": [1, 2, 2, 3], "o": {"x": 1, "y": []}, "s": "a,b.c", "n": null});
    assert_eq!(run(call, &input).unwrap(), expect, "{call}");
}

#[track_caller]
fn fails(call: &str, expect: &str) {
    match run(call, &json!({"big": "x".repeat(10_001)})) {
        Err(CallFault::Failed(cause)) => assert!(cause.contains(expect), "{cause}"),
        other => panic!("{call}: {other:?}"),
    }
}

#[test]
fn arrays() {
    check("States.Array()", json!([]));
    check("States.Array($.n, 'x', 1.5, true, $.o)", json!([null, "x", 1.5, true, {"x": 1, "y": []}]));
    check("States.ArrayPartition($.a, 3)", json!([[1, 2, 2], [3]]));
    check("States.ArrayContains($.a, 3)", json!(true));
    check("States.ArrayRange(1, 9, 2)", json!([1, 3, 5, 7, 9]));
    check("States.ArrayRange(9, 1, -4)", json!([9, 5, 1]));
    check("States.ArrayRange(1, 9, -1)", json!([]));
    check("States.ArrayRange(5, 5, 1)", json!([5]));
    check("States.ArrayGetItem($.a, 3)", json!(3));
    check("States.ArrayLength($.a)", json!(4));
    check("States.ArrayUnique($.a)", json!([1, 2, 3]));
    fails("States.ArrayGetItem(States.Array(1), 1)", "outside of the array");
    fails("States.ArrayPartition(States.Array(1), 0)", "positive");
    fails("States.ArrayRange(0, 1000, 1)", "1001 items");
    fails("States.ArrayRange(0, 9, 0)", "zero");
    fails("States.ArrayRange(-9007199254740992, 9007199254740992, 1)", "may have 1000");
    fails("States.ArrayLength('x')", "must be an array but is a string");
}

#[test]
fn texts() {
    check("States.Format('{} and {}', $.s, $.o)", json!("a,b.c and {x=1, y=[]}"));
    check(r"States.Format('\{{}\} it\'s \\', $$.Execution.Name)", json!(r"{run-1} it's \"));
    check("States.StringSplit($.s, ',.')", json!(["a", "b", "c"]));
    check("States.StringToJson('{\"a\": [1]}')", json!({"a": [1]}));
    check("States.StringToJson(' ')", json!(null));
    check("States.JsonToString($.o)", json!("{\"x\":1,\"y\":[]}"));
    check("States.Base64Encode('hé')", json!("aMOp"));
    check("States.Base64Decode('aMOp')", json!("hé"));
    fails("States.Format('{}')", "more {} than arguments");
    fails("States.Format('', 1)", "more arguments");
    fails("States.Format('{x}', 1)", "needs a");
    fails("States.Base64Encode($.big)", "10000");
    fails("States.Base64Decode('?')", "not Base64");
    fails("States.StringToJson('{')", "not JSON");
}

#[test]
fn numbers() {
    check("States.MathAdd(1.5, -1.5)", json!(1));
    check("States.MathAdd(-0.5, 0.5)", json!(1));
    fails("States.MathAdd(9223372036854775807, 1)", "too large");
    let rolled = run("States.MathRandom(-2, 1)", &json!({})).unwrap();
    assert!((-2..1).contains(&rolled.as_i64().unwrap()));
    let seeded = |_| run("States.MathRandom(0, 1000000, 3)", &json!({})).unwrap();
    assert_eq!(seeded(0), seeded(1));
    fails("States.MathRandom(1, 1)", "less than");
}

#[test]
fn digests_and_ids() {
    check("States.Hash('input data', 'SHA-1')", json!("aaff4a450a104cd177d28d18d74485e8cae074b7"));
    fails("States.Hash($.big, 'MD5')", "10000");
    fails("States.Hash('x', 'CRC')", "none of the algorithms");
    let id = run("States.UUID()", &json!({})).unwrap();
    let id = id.as_str().unwrap();
    assert_eq!((id.len(), &id[14..15]), (36, "4"));
    assert!("89ab".contains(&id[19..20]));
}

#[test]
fn objects() {
    check(
        "States.JsonMerge($.o, States.StringToJson('{\"x\":{\"z\":2}}'), false)",
        json!({"x": {"z": 2}, "y": []}),
    );
    fails("States.JsonMerge(States.StringToJson('{}'), States.StringToJson('{}'), true)", "Deep");
}

#[test]
fn says_which_argument_is_missing() {
    let fault = run("States.Format('{}', $.no)", &json!({})).unwrap_err();
    let CallFault::NoArgument(cause) = fault else { panic!("{fault:?}") };
    assert_eq!(
        cause,
        "The function 'States.Format('{}', $.no)' had the following error: The JsonPath argument for the field \
         '$.no' could not be found in the input '{}'"
    );
}

#[test]
fn refuses_what_is_no_call() {
    let deep = format!("{}1{}", "States.Array(".repeat(11), ")".repeat(11));
    for bad in [
        "",
        "States.Nope()",
        "States.UUID(1)",
        "States.UUID() x",
        "States.Array(1",
        "States.Array('x)",
        r#"States.StringToJson('{\"a\":1}')"#,
        "States.Array(x)",
        "States.Array({})",
        "States.ArrayLength($.a[)",
        &deep,
    ] {
        assert!(Call::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn a_call_cannot_make_too_much() {
    let input = json!({"s": "x".repeat(200_000)});
    let many = vec!["$.s"; 100].join(", ");
    assert!(matches!(run(&format!("States.Array({many})"), &input), Err(CallFault::Fault(_))));
}
