//! A slow, obvious matcher: it reads patterns as plain JSON and tries everything. It shares no code with the real one.

use std::{collections::BTreeMap, net::IpAddr};

use serde_json::Value;

/// Tests by dotted name.
type Fields = BTreeMap<String, Vec<Value>>;

/// Whether the event matches a pattern that is known to be valid.
pub(super) fn matches(pattern: &Value, event: &Value) -> bool {
    let mut leaves = Vec::new();
    collect(event, String::new(), &[], &mut 0, &mut leaves);
    alternatives(pattern, "", vec![Fields::new()]).iter().any(|fields| {
        let fields: Vec<_> = fields.iter().collect();
        choose(&fields, &leaves, &mut Vec::new())
    })
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

fn alternatives(pattern: &Value, path: &str, mut so_far: Vec<Fields>) -> Vec<Fields> {
    for (name, value) in pattern.as_object().unwrap() {
        match value {
            Value::Array(either) if name == "$or" => {
                let each = either.iter().flat_map(|one| alternatives(one, path, so_far.clone()));
                so_far = each.collect();
            }
            Value::Array(tests) => {
                for fields in &mut so_far {
                    fields.insert(join(path, name), tests.clone());
                }
            }
            _ => so_far = alternatives(value, &join(path, name), so_far),
        }
    }
    so_far
}

struct Leaf<'a> {
    path: String,
    value: &'a Value,
    members: Vec<(usize, usize)>,
}

fn collect<'a>(
    value: &'a Value,
    path: String,
    members: &[(usize, usize)],
    lists: &mut usize,
    leaves: &mut Vec<Leaf<'a>>,
) {
    match value {
        Value::Object(inner) => {
            for (name, value) in inner {
                collect(value, join(&path, name), members, lists, leaves);
            }
        }
        Value::Array(items) => {
            *lists += 1;
            let list = *lists;
            for (index, item) in items.iter().enumerate() {
                let mut members = members.to_vec();
                if item.is_object() || item.is_array() {
                    members.push((list, index));
                }
                collect(item, path.clone(), &members, lists, leaves);
            }
        }
        _ => leaves.push(Leaf { path, value, members: members.to_vec() }),
    }
}

/// Tries every value of the first field, then of the next one, as long as they agree about the members of lists.
fn choose(fields: &[(&String, &Vec<Value>)], leaves: &[Leaf<'_>], chosen: &mut Vec<(usize, usize)>) -> bool {
    let Some(((path, tests), rest)) = fields.split_first() else { return true };
    let values: Vec<_> = leaves.iter().filter(|leaf| leaf.path == **path).collect();
    if values.is_empty() {
        let absent = tests.iter().any(|test| test["exists"] == Value::Bool(false));
        return absent && choose(rest, leaves, chosen);
    }
    for leaf in values.into_iter().filter(|leaf| tests.iter().any(|test| passes(test, leaf.value))) {
        let agrees = |(list, index): &(usize, usize)| chosen.iter().all(|(l, i)| l != list || i == index);
        if leaf.members.iter().all(agrees) {
            let before = chosen.len();
            chosen.extend(&leaf.members);
            if choose(rest, leaves, chosen) {
                return true;
            }
            chosen.truncate(before);
        }
    }
    false
}

fn passes(test: &Value, value: &Value) -> bool {
    let Some((operator, operand)) = test.as_object().and_then(|test| test.iter().next()) else {
        return same(test, value);
    };
    let in_any_case = |fits: fn(&str, &str) -> bool| match (operand, value) {
        (Value::String(this), Value::String(text)) => fits(text, this),
        (Value::Object(_), Value::String(text)) => {
            fits(&text.to_lowercase(), &operand["equals-ignore-case"].as_str().unwrap().to_lowercase())
        }
        _ => false,
    };
    match operator.as_str() {
        "exactly" => operand == value,
        "prefix" => in_any_case(|text, this| text.starts_with(this)),
        "suffix" => in_any_case(|text, this| text.ends_with(this)),
        "equals-ignore-case" => {
            value.as_str().is_some_and(|text| text.to_lowercase() == operand.as_str().unwrap().to_lowercase())
        }
        "exists" => operand == true,
        "wildcard" => value.as_str().is_some_and(|text| {
            wild(&operand.as_str().unwrap().chars().collect::<Vec<_>>(), &text.chars().collect::<Vec<_>>())
        }),
        "numeric" => value.as_f64().is_some_and(|value| numeric(operand, value)),
        "cidr" => value.as_str().is_some_and(|text| cidr(operand.as_str().unwrap(), text)),
        "anything-but" => !excluded(operand, value),
        _ => panic!("{operator}"),
    }
}

fn same(this: &Value, value: &Value) -> bool {
    match (this, value) {
        (Value::Number(this), Value::Number(value)) => this.as_f64() == value.as_f64(),
        (Value::String(this), Value::String(text)) => match this.parse::<IpAddr>() {
            Ok(address) => text.parse() == Ok(address),
            Err(_) => this == text,
        },
        _ => this == value,
    }
}

fn excluded(operand: &Value, value: &Value) -> bool {
    let list = |operand: &Value| operand.as_array().cloned().unwrap_or_else(|| vec![operand.clone()]);
    match operand.as_object().and_then(|operand| operand.iter().next()) {
        Some((operator, these)) => {
            list(these).iter().any(|this| passes(&serde_json::json!({operator: this}), value))
        }
        None => list(operand).iter().any(|this| match (this, value) {
            (Value::Number(this), Value::Number(value)) => this.as_f64() == value.as_f64(),
            _ => this == value,
        }),
    }
}

fn wild(pattern: &[char], text: &[char]) -> bool {
    match pattern {
        [] => text.is_empty(),
        ['*', rest @ ..] => (0..=text.len()).any(|at| wild(rest, &text[at..])),
        ['\\', this, rest @ ..] | [this, rest @ ..] => text.first() == Some(this) && wild(rest, &text[1..]),
    }
}

fn numeric(operand: &Value, value: f64) -> bool {
    operand.as_array().unwrap().chunks(2).all(|bound| {
        let this = bound[1].as_f64().unwrap();
        match bound[0].as_str().unwrap() {
            "=" => value == this,
            "<" => value < this,
            "<=" => value <= this,
            ">" => value > this,
            _ => value >= this,
        }
    })
}

/// From the address that was written up to the last one with the same first bits.
fn cidr(block: &str, text: &str) -> bool {
    let (address, bits) = block.split_once('/').unwrap();
    let bits: u32 = bits.parse().unwrap();
    match (address.parse().unwrap(), text.parse()) {
        (IpAddr::V4(first), Ok(IpAddr::V4(value))) => {
            first <= value && (first.to_bits() ^ value.to_bits()).checked_shr(32 - bits).unwrap_or(0) == 0
        }
        (IpAddr::V6(first), Ok(IpAddr::V6(value))) => {
            first <= value && (first.to_bits() ^ value.to_bits()).checked_shr(128 - bits).unwrap_or(0) == 0
        }
        _ => false,
    }
}
