//! Where the states of a definition lead, as it is written: also one with faults is looked at.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::source::{Diagnostic, Pointer};

/// Warns of states that never come to an end, and of choices that may find no way.
pub(super) fn lint(definition: &Value) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    graph(definition, &Pointer::root(), &mut found);
    found
}

fn graph(one: &Value, pointer: &Pointer, found: &mut Vec<Diagnostic>) {
    let Some(states) = one.get("States").and_then(Value::as_object) else { return };
    let pointer = pointer.key("States");
    found.extend(endless(states, &pointer));
    for (name, state) in states {
        let at = pointer.key(name);
        if is(state, "Choice") {
            found.extend(falls_through(state, &at));
        }
        let branches = state.get("Branches").and_then(Value::as_array).into_iter().flatten();
        for (number, branch) in branches.enumerate() {
            graph(branch, &at.key("Branches").index(number), found);
        }
        for name in ["ItemProcessor", "Iterator"] {
            if let Some(processor) = state.get(name) {
                graph(processor, &at.key(name), found);
            }
        }
    }
}

fn is(state: &Value, kind: &str) -> bool {
    state.get("Type").is_some_and(|have| have == kind)
}

/// The names in `Next` and `Default` of a state: its own, its choices', its catchers'.
fn targets(state: &Value) -> BTreeSet<&str> {
    let lists = ["Choices", "Catch"].into_iter().filter_map(|name| state.get(name)?.as_array()).flatten();
    let ways = std::iter::once(state).chain(lists).filter_map(|one| one.get("Next"));
    ways.chain(state.get("Default")).filter_map(Value::as_str).collect()
}

/// The states from which no way leads to an end. Nothing is said where a transition leads nowhere, or where there is
/// no end at all: AWS refuses that.
fn endless(states: &Map<String, Value>, pointer: &Pointer) -> Option<Diagnostic> {
    let mut from: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut ahead = Vec::new();
    for (name, state) in states {
        let targets = targets(state);
        if targets.iter().any(|target| !states.contains_key(*target)) {
            return None;
        }
        let ends = is(state, "Succeed") || is(state, "Fail") || state.get("End") == Some(&Value::Bool(true));
        if ends || targets.is_empty() {
            ahead.push(name.as_str());
        }
        for target in targets {
            from.entry(target).or_default().push(name);
        }
    }
    if ahead.is_empty() {
        return None;
    }
    let mut ending = BTreeSet::new();
    while let Some(name) = ahead.pop() {
        if ending.insert(name) {
            ahead.extend(from.get(name).into_iter().flatten());
        }
    }
    let caught: Vec<&str> = states.keys().map(String::as_str).filter(|name| !ending.contains(name)).collect();
    let first = caught.first()?;
    let names: Vec<_> = caught.iter().map(|name| format!("`{name}`")).collect();
    let words = format!("an execution that comes here never ends: no way leads out of {}", names.join(", "));
    Some(Diagnostic::warning(words).with_code("CANNOT_END").pointing(pointer.key(first)))
}

/// A Choice without `Default` fails when no rule is true, unless two of them cannot both be false.
fn falls_through(state: &Value, pointer: &Pointer) -> Option<Diagnostic> {
    let rules = state.get("Choices")?.as_array()?;
    if state.get("Default").is_some() || rules.iter().any(|rule| always(rule) || denied(rule, rules)) {
        return None;
    }
    let words = "without `Default` the execution fails with States.NoChoiceMatched when no rule is true";
    Some(Diagnostic::warning(words).with_code("NO_DEFAULT").pointing(pointer.clone()))
}

fn always(rule: &Value) -> bool {
    match rule.get("Condition") {
        Some(Value::Bool(condition)) => *condition,
        Some(Value::String(text)) => text.trim_start_matches("{%").trim_end_matches("%}").trim() == "true",
        _ => false,
    }
}

/// Whether another rule is true where this one is not: the same test for the other truth value, or its `Not`.
fn denied(rule: &Value, rules: &[Value]) -> bool {
    let Some(test) = rule.as_object().map(test) else { return false };
    let opposite: Map<String, Value> = test
        .iter()
        .map(|(name, value)| {
            (name.clone(), value.as_bool().map_or_else(|| value.clone(), |truth| (!truth).into()))
        })
        .collect();
    let turned = opposite != test;
    rules.iter().filter_map(Value::as_object).any(|other| {
        let negated = other.get("Not").and_then(Value::as_object);
        (turned && self::test(other) == opposite) || negated.is_some_and(|not| self::test(not) == test)
    })
}

/// What a rule asks, without what follows from it.
fn test(rule: &Map<String, Value>) -> Map<String, Value> {
    let follows = ["Next", "Comment", "Assign", "Output"];
    rule.iter()
        .filter(|(name, _)| !follows.contains(&name.as_str()))
        .map(|(n, v)| (n.clone(), v.clone()))
        .collect()
}
