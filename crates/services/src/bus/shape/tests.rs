use serde_json::json;
use trainyard_domain::{Event, Scope, Timestamp, event::Way};

use super::*;

fn event() -> Event {
    Event {
        id: "e".into(),
        scope: Scope::default_scope(),
        bus: "default".into(),
        time: Timestamp(1_700_000_000_000),
        source: "aws.ecr".into(),
        detail_type: "ECR Image Action".into(),
        way: Way::default(),
        resources: vec![],
        detail: json!({"repository-name": "train", "tags": ["a", "b"], "quote": "say \"x\"", "n": 1, "o": {"k": "v w", "l": ["x"]}}),
    }
}

fn told() -> Told {
    Told::new(event().into()).unwrap()
}

fn template(paths: &[(&str, &str)], template: &str) -> Shape {
    let paths = paths.iter().map(|(n, p)| ((*n).to_owned(), (*p).to_owned())).collect();
    Shape::Template { paths, template: template.to_owned() }
}

#[track_caller]
fn check(shape: &Shape, expect: Value) {
    shape.check("t").unwrap();
    let rule = "arn:aws:events:us-east-1:000000000000:rule/bus/r".parse().unwrap();
    assert_eq!(shape.of(&told(), &rule).unwrap(), expect);
}

#[test]
fn gives_all_a_part_or_a_text() {
    check(&Shape::Whole, event().envelope());
    check(&Shape::Constant("{\"a\":1}".into()), json!({"a": 1}));
    check(&Shape::Part("$.detail.tags".into()), json!(["a", "b"]));
    check(&Shape::Part("$.detail.tags[1]".into()), json!("b"));
    check(&Shape::Part("$.detail.tags[*]".into()), json!(["a", "b"]));
    check(&Shape::Part("$['detail'].n".into()), json!(1));
    check(&Shape::Part("$.detail.none".into()), Value::Null);
}

#[test]
fn fills_templates_of_json() {
    let repo = ("repo", "$.detail.repository-name");
    check(&template(&[repo], r#"{"r": <repo>, "s": "of <repo>!"}"#), json!({"r": "train", "s": "of train!"}));
    check(&template(&[("q", "$.detail.quote")], r#"{"q": "<q>"}"#), json!({"q": "say \"x\""}));
    check(
        &template(&[("t", "$.detail.tags")], r#"{"t": <t>, "u": [<t>]}"#),
        json!({"t": ["a", "b"], "u": [["a", "b"]]}),
    );
    check(&template(&[("n", "$.detail.n")], r#"{"n": <n>, "s": "<n>!"}"#), json!({"n": 1, "s": "1!"}));
    check(&template(&[("no", "$.detail.none")], r#"{"a": <no>, "b": "<no>"}"#), json!({"a": "", "b": ""}));
    check(
        &template(&[], r#"{"a": <aws.events.rule-name>, "b": "1 < 2 > 0 \" <not this>"}"#),
        json!({"a": "r", "b": "1 < 2 > 0 \" <not this>"}),
    );
    check(&template(&[], r#"{"e": <aws.events.event.json>}"#), json!({"e": event().envelope()}));
}

#[test]
fn fills_lines_of_text() {
    let repo = ("repo", "$.detail.repository-name");
    check(&template(&[repo], r#""<repo> was pushed""#), json!("train was pushed"));
    check(&template(&[("t", "$.detail.tags")], r#""<t> it has""#), json!("[a,b] it has"));
    check(&template(&[("o", "$.detail.o")], r#""<o>""#), json!("{k:v w,l:[x]}"));
    check(&template(&[("q", "$.detail.quote")], r#""<q>""#), json!("say \"x\""));
    check(&template(&[("no", "$.detail.none")], r#""<no>.""#), json!("."));
    check(&template(&[repo], "\"one\"\n\"<repo> two\""), json!("one\ntrain two"));
}

/// As recorded from AWS: what is no JSON is not delivered.
#[test]
fn a_list_in_quotes_breaks_json() {
    let shape = template(&[("t", "$.detail.tags")], r#"{"s": "<t>"}"#);
    shape.check("t").unwrap();
    let rule = "arn:aws:events:us-east-1:000000000000:rule/r".parse().unwrap();
    assert!(shape.of(&told(), &rule).unwrap_err().contains("`<t>`"));
}

#[test]
fn flaws_are_named_as_aws_names_them() {
    let check = |shape: Shape, expect: &str| assert_eq!(shape.check("id").unwrap_err(), expect);
    check(
        template(&[], r#""with <nothing>""#),
        "InputTemplate for target id contains invalid placeholder nothing.",
    );
    check(
        Shape::Constant("{".into()),
        "JSON syntax error in input for target id : [Source: (String)\"{\"; line: 1, column: 1].",
    );
    assert!(
        template(&[], "{\"a\"")
            .check("id")
            .unwrap_err()
            .starts_with("Invalid InputTemplate for target id : [")
    );
}

#[test]
fn refuses_what_can_never_be_json() {
    for bad in [
        Shape::Constant("{".into()),
        Shape::Part("detail".into()),
        Shape::Part("$$.x".into()),
        template(&[("a", "$.a")], "<a> is it"),
        template(&[], r#"{"a": <b>}"#),
        template(&[("aws.x", "$.a")], r#"{"a": 1}"#),
    ] {
        assert!(bad.check("t").is_err(), "{bad:?}");
    }
}
