//! RFC 9535 as an oracle of what Step Functions' JSONPath shares with it.
//!
//! Not shared, and not asked here:
//! * A path that can name one node only gives that node, or fails, where the RFC gives a list.
//! * Several names, `['a','b']`, make an object at the end of such a path, where the RFC gives a list.
//! * A filter asks an object itself, where the RFC asks each of its members.
//! * A comparison with something that is not there is false, where the RFC has it equal to nothing else that is not.
//! * `<=` and `>=` order numbers and texts only, where the RFC has equal values of all kinds in order.
//! * The order of what `..` finds, of which the RFC says little.
//! * An index from the end in a comparison: serde_json_path 0.7 finds nothing there, against the RFC (section 2.3.5).
//! * Slices have no step; functions and filters without parentheses are the RFC's only.

use proptest::prelude::*;
use serde_json::{Value, json};
use serde_json_path::JsonPath;

use super::{Found, Missing, Path};

fn documents() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2..4_i64).prop_map(Value::from),
        prop::sample::select(vec![0.5, 1.0, -1.5]).prop_map(Value::from),
        prop::sample::select(vec!["", "a", "b", "é", "10"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 40, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(names(), inner, 0..4).prop_map(|members| {
                Value::Object(members.into_iter().map(|(name, member)| (name.to_owned(), member)).collect())
            }),
        ]
    })
}

fn names() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c", "é"])
}

/// A step of a path that leads somewhere in most documents.
fn steps() -> impl Strategy<Value = String> {
    let bound = || prop_oneof![Just(String::new()), (-4..5_i64).prop_map(|at| at.to_string())];
    prop_oneof![
        3 => names().prop_map(|name| format!(".{name}")),
        1 => names().prop_map(|name| format!("['{name}']")),
        1 => names().prop_map(|name| format!("[\"{name}\"]")),
        3 => (-3..4_i64).prop_map(|at| format!("[{at}]")),
        1 => Just("[*]".to_owned()),
        1 => Just(".*".to_owned()),
        1 => names().prop_map(|name| format!("..{name}")),
        1 => Just("..*".to_owned()),
        1 => (-3..4_i64).prop_map(|at| format!("..[{at}]")),
        1 => prop::sample::subsequence(vec!["'a'", "'b'", "'c'"], 2..=3).prop_map(|all| format!("[{}]", all.join(","))),
        1 => prop::collection::vec(-3..4_i64, 2..4).prop_map(|all| {
            format!("[{}]", all.iter().map(i64::to_string).collect::<Vec<_>>().join(","))
        }),
        1 => (bound(), bound()).prop_map(|(from, to)| format!("[{from}:{to}]")),
    ]
}

/// A condition on a member that is there, or that it is there.
fn conditions() -> impl Strategy<Value = String> {
    let path = prop_oneof![
        Just("@".to_owned()),
        names().prop_map(|name| format!("@.{name}")),
        (names(), 0..2_i64).prop_map(|(name, at)| format!("@.{name}[{at}]")),
    ];
    let there =
        prop_oneof![path.clone(), (names(), -2..0_i64).prop_map(|(name, at)| format!("@.{name}[{at}]"))];
    let ordered = prop::sample::select(vec!["0", "1", "-1", "0.5", "'a'", "'10'", "\"é\""]);
    let literal = prop::sample::select(vec!["null", "true", "false", "2", "'b'", "1.0"]);
    let one = prop_oneof![
        there,
        (path.clone(), prop::sample::select(vec!["==", "<", "<=", ">", ">="]), ordered)
            .prop_map(|(path, compare, literal)| format!("{path} {compare} {literal}")),
        (path.clone(), prop::sample::select(vec!["==", "!="]), literal)
            .prop_map(|(path, compare, literal)| format!("({path} && {path}{compare}{literal})")),
        (path.clone(), path).prop_map(|(one, other)| format!("({one} && {other} && {one} == {other})")),
    ];
    one.prop_recursive(3, 8, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|one| format!("!({one})")),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("{one} && {other}")),
            (inner.clone(), inner).prop_map(|(one, other)| format!("({one} || {other})")),
        ]
    })
}

/// What is found, in the order of its text.
fn sorted<'v>(values: impl Iterator<Item = &'v Value>) -> Vec<String> {
    let mut all: Vec<String> = values.map(Value::to_string).collect();
    all.sort();
    all
}

#[track_caller]
fn check(text: &str, document: &Value) {
    let path: Path = text.parse().unwrap_or_else(|why| panic!("{why}"));
    let found = match path.find(document) {
        Ok(found) => sorted(found.values()),
        Err(Missing::NoResult(_)) => Vec::new(),
        Err(Missing::TooMuch) => panic!("{text} is too much"),
    };
    let expect = JsonPath::parse(text).unwrap_or_else(|why| panic!("{text}: {why}"));
    assert_eq!(found, sorted(expect.query(document).into_iter()), "{text} of {document}");
}

proptest! {
    #[test]
    fn steps_lead_where_the_rfc_says(document in documents(), steps in prop::collection::vec(steps(), 0..5)) {
        check(&format!("${}", steps.concat()), &document);
    }

    #[test]
    fn filters_keep_what_the_rfc_says(
        items in prop::collection::vec(documents(), 0..6), condition in conditions(), last in steps(),
    ) {
        check(&format!("$.l[?({condition})]{last}"), &json!({"l": items}));
    }
}

/// What is not shared stays as it is: each of these is AWS's.
#[test]
fn differs_where_aws_does() {
    let document = json!({"a": {"b": 1, "c": 2}, "l": [{"a": 1}, {"b": true}]});
    let differs = |text: &str, ours: Value| {
        let found = text.parse::<Path>().unwrap().find(&document).map(Found::into_value);
        assert_eq!(found, Ok(ours.clone()), "{text}");
        let theirs = JsonPath::parse(text).unwrap().query(&document).all().into_iter().cloned().collect();
        assert_ne!(ours, Value::Array(theirs), "{text}");
    };
    differs("$.a.b", json!(1));
    differs("$.a['b','c']", json!({"b": 1, "c": 2}));
    differs("$.a[?(@.b == 1)]", json!([{"b": 1, "c": 2}]));
    differs("$.l[?(@.a != 2)]", json!([{"a": 1}]));
    differs("$.l[?(@.b >= true)]", json!([]));
    assert!("$.l[0:2:1]".parse::<Path>().is_err() && "$.l[?length(@) > 1]".parse::<Path>().is_err());
}
