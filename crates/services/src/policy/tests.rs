//! Statements, one by one.

use serde_json::{Value, json};
use trainyard_domain::{Arn, Principal, Scope};

use super::{Asker, Document, Request, Verdict, glob};

fn arn(text: &str) -> Arn {
    text.parse().unwrap()
}

/// A session of a role in account 1.
fn worker() -> Principal {
    let scope: Scope = "111111111111/us-east-1".parse().unwrap();
    Principal {
        arn: arn("arn:aws:sts::111111111111:assumed-role/worker/s"),
        role: Some(arn("arn:aws:iam::111111111111:role/worker")),
        ..Principal::root(&scope)
    }
}

fn statement(more: Value) -> Value {
    let mut statement = json!({
        "Effect": "Allow", "Principal": {"AWS": "111111111111"}, "Action": "sqs:*",
        "Resource": "arn:aws:sqs:us-east-1:000000000000:jobs",
    });
    statement.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    statement
}

#[track_caller]
fn check(statements: &[Value], by: Asker<'_>, expect: Verdict) {
    let document = Document::read(&json!({"Statement": statements}).to_string()).unwrap();
    let (queue, rule) = (
        arn("arn:aws:sqs:us-east-1:000000000000:jobs"),
        arn("arn:aws:events:us-east-1:000000000000:rule/nightly"),
    );
    let request =
        Request { by, action: "sqs:SendMessage", resource: &queue, source: Some(&rule), facts: &[] };
    assert_eq!(document.judge(&request), expect);
}

#[test]
fn statements_name_people() {
    let worker = worker();
    let check = |more: Value, expect| check(&[statement(more)], Asker::Principal(&worker), expect);
    check(json!({}), Verdict::Allowed);
    check(json!({"Principal": "*"}), Verdict::Allowed);
    check(json!({"Principal": {"AWS": ["arn:aws:iam::111111111111:root"]}}), Verdict::Allowed);
    check(json!({"Principal": {"AWS": "arn:aws:iam::111111111111:role/worker"}}), Verdict::Allowed);
    check(json!({"Principal": {"AWS": "arn:aws:iam::111111111111:role/other"}}), Verdict::Silent);
    check(json!({"Principal": {"AWS": "222222222222"}}), Verdict::Silent);
    check(json!({"Principal": {"Service": "events.amazonaws.com"}}), Verdict::Silent);
    check(json!({"Action": ["SQS:sendmessage", "sqs:x"]}), Verdict::Allowed);
    check(json!({"Action": "sqs:Receive*"}), Verdict::Silent);
    check(json!({"Resource": "arn:aws:sqs:*:000000000000:job?"}), Verdict::Allowed);
    check(json!({"Resource": "arn:aws:sqs:us-east-1:000000000000:other"}), Verdict::Silent);
}

#[test]
fn a_denial_is_stronger() {
    let worker = worker();
    let by = Asker::Principal(&worker);
    let deny = statement(json!({"Effect": "Deny", "Principal": "*"}));
    check(&[statement(json!({})), deny.clone()], by, Verdict::Denied);
    check(&[deny, statement(json!({}))], by, Verdict::Denied);
    let mut all_but = statement(json!({"Effect": "Deny", "NotAction": "sqs:SendMessage"}));
    all_but.as_object_mut().unwrap().remove("Action");
    check(&[statement(json!({})), all_but], by, Verdict::Allowed);
}

#[test]
fn services_are_let_in_for_their_things() {
    let events = json!({"Service": "events.amazonaws.com"});
    let check = |condition: Value, expect| {
        let statement = statement(json!({"Principal": events, "Condition": condition}));
        check(&[statement], Asker::Service("events.amazonaws.com"), expect);
    };
    check(json!({}), Verdict::Allowed);
    let rule = "arn:aws:events:us-east-1:000000000000:rule/nightly";
    check(json!({"ArnEquals": {"aws:SourceArn": rule}}), Verdict::Allowed);
    check(json!({"ArnLike": {"AWS:SourceArn": ["x", "arn:aws:events:*:rule/*"]}}), Verdict::Allowed);
    check(json!({"ArnNotLike": {"aws:SourceArn": "arn:aws:events:*"}}), Verdict::Silent);
    check(json!({"StringEquals": {"aws:SourceAccount": "000000000000"}}), Verdict::Allowed);
    check(json!({"StringEquals": {"aws:SourceAccount": "1"}}), Verdict::Silent);
    check(json!({"StringEquals": {"aws:PrincipalArn": rule}}), Verdict::Silent);
    check(json!({"StringEqualsIfExists": {"aws:PrincipalArn": rule}}), Verdict::Allowed);
    check(json!({"Bool": {"aws:SecureTransport": false}}), Verdict::Silent);
}

#[test]
fn a_service_has_facts_of_its_own() {
    let worker = worker();
    let queue = arn("arn:aws:sqs:us-east-1:000000000000:jobs");
    let check = |condition: Value, facts: &[(&str, &str)], expect| {
        let document = json!({"Statement": statement(json!({"Condition": condition}))}).to_string();
        let by = Asker::Principal(&worker);
        let request = Request { by, action: "sqs:SendMessage", resource: &queue, source: None, facts };
        assert_eq!(Document::read(&document).unwrap().judge(&request), expect);
    };
    let of = json!({"StringEquals": {"events:source": ["app", "web"]}});
    check(of.clone(), &[("events:source", "web")], Verdict::Allowed);
    check(of.clone(), &[("events:source", "other")], Verdict::Silent);
    check(of, &[], Verdict::Silent);
    check(json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}), &[], Verdict::Silent);
    check(json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}), &[], Verdict::Allowed);
}

#[test]
fn what_cannot_be_judged_is_refused() {
    let refused = |document: Value, word: &str| {
        let why = Document::read(&document.to_string()).unwrap_err();
        assert!(why.contains(word), "{why}");
    };
    let with = |more: Value| json!({"Statement": statement(more)});
    refused(json!({}), "Statement");
    refused(json!({"Statement": [], "Version": "2020-01-01"}), "2020-01-01");
    refused(with(json!({"Condition": {"IpAddress": {"aws:SourceIp": "1"}}})), "IpAddress");
    refused(with(json!({"Condition": {"StringEquals": {"aws:Colour": "1"}}})), "aws:Colour");
    refused(with(json!({"Principal": {"Federated": "x"}})), "Federated");
    refused(with(json!({"Effect": "Perhaps"})), "Perhaps");
    refused(with(json!({"NotAction": "x"})), "NotAction");
    refused(with(json!({"NotPrincipal": "x"})), "NotPrincipal");
}

#[test]
fn wildcards() {
    let check = |pattern: &str, text: &str, expect| assert_eq!(glob::matches(pattern, text), expect);
    check("", "", true);
    check("*", "", true);
    check("a*b*c", "a-b-b-c", true);
    check("a*b*c", "a-b-b-c-", false);
    check("?", "ü", true);
    check("?", "", false);
    check("**a", "bca", true);
    check("a", "A", false);
}
