use serde_json::json;
use trainyard_domain::{Scope, Timestamp, event::Way};

use super::*;

fn event() -> Event {
    Event {
        id: "e".into(),
        scope: Scope::default_scope(),
        bus: "default".into(),
        time: Timestamp(1_700_000_000_000),
        source: "aws.ecr".into(),
        detail_type: "ECR Image Action".into(),
        resources: vec![],
        way: Way::default(),
        detail: json!({"repository-name": "train", "tags": ["a", "b"], "quote": "say \"x\"", "n": 1}),
    }
}

fn template(paths: &[(&str, &str)], template: &str) -> Shape {
    let paths = paths.iter().map(|(n, p)| ((*n).to_owned(), (*p).to_owned())).collect();
    Shape::Template { paths, template: template.to_owned() }
}

#[track_caller]
fn check(shape: &Shape, expect: Value) {
    shape.check().unwrap();
    let rule = "arn:aws:events:us-east-1:000000000000:rule/bus/r".parse().unwrap();
    assert_eq!(shape.of(&event(), &rule).unwrap(), expect);
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
fn fills_templates() {
    let repo = ("repo", "$.detail.repository-name");
    check(&template(&[repo], r#"{"r": <repo>, "s": "of <repo>!"}"#), json!({"r": "train", "s": "of train!"}));
    check(&template(&[repo], r#""<repo> was pushed""#), json!("train was pushed"));
    check(&template(&[("q", "$.detail.quote")], r#"{"q": "<q>"}"#), json!({"q": "say \"x\""}));
    check(
        &template(&[("t", "$.detail.tags")], r#"{"t": <t>, "s": "<t>"}"#),
        json!({"t": ["a", "b"], "s": "[\"a\",\"b\"]"}),
    );
    check(&template(&[("no", "$.detail.none")], r#"{"a": <no>, "b": "<no>"}"#), json!({"a": null, "b": ""}));
    check(
        &template(&[], r#"{"a": <aws.events.rule-name>, "b": "1 < 2 > 0 \" <not this>"}"#),
        json!({"a": "r", "b": "1 < 2 > 0 \" <not this>"}),
    );
    check(&template(&[], r#"{"e": <aws.events.event.json>}"#), json!({"e": event().envelope()}));
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
        assert!(bad.check().is_err(), "{bad:?}");
    }
}
