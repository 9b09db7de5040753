//! JSONata's own test-suite as an oracle, in the version that AWS names: 2.0.6.
//!
//! `tests/official.jsonl` holds its cases, one on a line, with their answers as `jsonata` 2.0.6 of npm gives them;
//! their documents are in `tests/official_datasets.json`, their licence in `tests/official.LICENSE`. Left out are the
//! cases whose answer differs each time, and texts that are not Unicode. The bounds are around each expression as
//! always, so that this holds them too: no honest expression may notice them.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html>

use std::{collections::BTreeMap, time::Duration};

use jsonata_core::{
    evaluator::{EvaluatorError, error_code_prefix},
    parser,
    value::JValue,
};
use serde::Deserialize;
use serde_json::Value;

use super::{convert::to_json, evaluate::evaluate_within, guard, names::Names};
use crate::asl::scope::{Scope, Variables};

/// Cases, or the beginnings of their names, that have another answer here, with the reason.
const OTHERWISE: &[(&str, &str)] = &[
    ("comments/case002", "the parser has no code for it, and AWS shows none"),
    ("flattening/large#", "lists of more than 100,000 items are refused"),
    ("function-eval/", "AWS has no $eval"),
    (
        "function-tomillis/parseDateTime#40",
        "$now() is the time of the execution, a date that is not given is today's",
    ),
    ("range-operator/case021", "lists of more than 100,000 items are refused"),
    ("range-operator/case024", "lists of more than 100,000 items are refused"),
    ("tail-recursion/case002", "the depth of the case is 302, ours is greater"),
    ("transform/case019", "AWS has no document that $ could be"),
];

#[derive(Deserialize)]
struct Case {
    id: String,
    expr: String,
    data: Option<Value>,
    dataset: Option<String>,
    #[serde(default)]
    bindings: BTreeMap<String, Value>,
    /// It runs without an end, or too deep.
    timelimit: Option<u64>,
    #[serde(flatten)]
    expect: BTreeMap<String, Value>,
}

impl Variables for BTreeMap<String, Value> {
    fn variable(&self, name: &str) -> Option<&Value> {
        self.get(name)
    }
}

/// The code that JSONata has for an error: the parser's errors have a word about their kind before it.
fn code(message: &str) -> String {
    let inside = message.split_once(": ").map_or("", |(_, inside)| inside);
    let code = error_code_prefix(message).or_else(|| error_code_prefix(inside));
    code.unwrap_or(message).to_owned()
}

/// The value, nothing where it is undefined, or the code of the error.
fn answer(case: &Case, documents: &BTreeMap<String, Value>) -> Result<Option<Value>, String> {
    let mut ast = parser::parse(&case.expr).map_err(|why| code(&why.to_string()))?;
    let names = Names::of(&ast);
    let fenced = guard::fence(&mut ast, &names.bound);
    let document = case.data.as_ref().or_else(|| documents.get(case.dataset.as_ref()?));
    let document = document.map_or(JValue::Undefined, |document| JValue::from(document.clone()));
    let scope = Scope::new(&Value::Null, 1).with_variables(&case.bindings).at(1_700_000_000_000);
    let view = scope.view(&Value::Null);
    let value = evaluate_within(Duration::from_secs(1), (&ast, &names, fenced), view, &document);
    let value =
        value.map_err(|why: EvaluatorError| why.code().map_or_else(|| code(why.message()), str::to_owned))?;
    if value.is_undefined() {
        Ok(None)
    } else {
        to_json(&value, scope.result).map(Some).map_err(|why| format!("{why:?}"))
    }
}

/// Numbers are the same in whatever way they are held.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::Number(one), Value::Number(other)) => one.as_f64() == other.as_f64(),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one.iter().all(|(name, one)| other.get(name).is_some_and(|other| same(one, other)))
        }
        _ => one == other,
    }
}

fn holds(case: &Case, answer: &Result<Option<Value>, String>) -> bool {
    match (answer, case.expect.get("result"), case.expect.get("code")) {
        (Ok(Some(value)), Some(expect), _) => same(value, expect),
        (Ok(None), None, None) => case.expect.contains_key("undefined"),
        (Err(code), _, Some(expect)) => code == expect || case.timelimit.is_some(),
        _ => false,
    }
}

#[test]
fn the_official_suite_holds() {
    let documents = serde_json::from_str(include_str!("tests/official_datasets.json")).unwrap();
    let mut wrong = Vec::new();
    let mut known: Vec<&str> = OTHERWISE.iter().map(|(begins, _)| *begins).collect();
    for line in include_str!("tests/official.jsonl").lines() {
        let case: Case = serde_json::from_str(line).unwrap();
        let answer = answer(&case, &documents);
        let listed = OTHERWISE.iter().find(|(begins, _)| case.id.starts_with(begins));
        match (holds(&case, &answer), listed) {
            (true, None) => {}
            (false, Some((begins, _))) => known.retain(|one| one != begins),
            (true, Some(_)) => wrong.push(format!("{} holds and is listed", case.id)),
            (false, None) => {
                wrong.push(format!("{} `{}`: {answer:?}, not {:?}", case.id, case.expr, case.expect))
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(known.is_empty(), "listed and not there: {known:?}");
}
