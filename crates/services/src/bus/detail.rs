//! How large and how deep an event's detail may be. Pure.
//!
//! An event is kept inside of other things (a delivery, a dead letter, what an archive keeps), and what is read back is
//! nested 127 levels deep at most: a detail must leave room for what is around it, or it would be taken and then lost.

use serde_json::Value;

/// An event has so many bytes at most.
/// <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-putevents.html>
pub(crate) const LARGEST: usize = 256 * 1024;
/// A detail has so many levels at most: each list and each object is one.
const DEEPEST: usize = 100;
/// What a target is given has so many: a template may put the event some levels deeper.
const DEEPEST_INPUT: usize = 120;

/// Says why it cannot be the detail of an event, for a person.
pub(crate) fn check(detail: &Value) -> Result<(), String> {
    within(detail, DEEPEST, "an event's detail")
}

/// Says why it cannot be given to a target.
pub(super) fn check_input(input: &Value) -> Result<(), String> {
    within(input, DEEPEST_INPUT, "what a target is given")
}

fn within(value: &Value, levels: usize, what: &str) -> Result<(), String> {
    if is_deeper(value, levels) {
        return Err(format!("{what} is nested {levels} levels deep at most"));
    }
    Ok(())
}

fn is_deeper(value: &Value, levels: usize) -> bool {
    let inner = |value: &Value| levels == 0 || is_deeper(value, levels - 1);
    match value {
        Value::Array(items) => levels == 0 || items.iter().any(inner),
        Value::Object(members) => levels == 0 || members.values().any(inner),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_list_and_object_is_a_level() {
        let nested = |levels: usize| {
            let text = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
            serde_json::from_str::<Value>(&text).unwrap()
        };
        for (levels, detail, input) in
            [(0, true, true), (100, true, true), (101, false, true), (121, false, false)]
        {
            let value = if levels == 0 { Value::Null } else { nested(levels) };
            assert_eq!((check(&value).is_ok(), check_input(&value).is_ok()), (detail, input), "{levels}");
        }
        assert!(!is_deeper(&serde_json::json!({"a": [1, {"b": 2}]}), 3));
        assert!(is_deeper(&serde_json::json!({"a": [1, {"b": 2}]}), 2));
    }
}
