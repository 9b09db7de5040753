//! Data as it was spelt: what is only handed on, or cut out of what was given, is shown as it stood there. AWS writes
//! compactly only what it has made itself.

use std::collections::BTreeMap;

use serde_json::{Value, value::RawValue};

/// Deeper inside a text nothing is looked for.
const DEEPEST: usize = 16;

/// The texts that data may have come from.
pub(super) struct Spelling<'t>(Vec<(&'t str, Value)>);

/// One step into JSON.
enum Step<'v> {
    Member(&'v str),
    Item(usize),
}

impl<'t> Spelling<'t> {
    /// Of these texts. One that is not JSON gives nothing.
    pub(super) fn of(texts: impl IntoIterator<Item = &'t str>) -> Self {
        let read = |text| serde_json::from_str(text).ok().map(|value| (text, value));
        Self(texts.into_iter().filter_map(read).collect())
    }

    /// The value as JSON.
    pub(super) fn text(&self, value: &Value) -> String {
        let found = self.0.iter().find_map(|(text, whole)| {
            let mut way = Vec::new();
            find(whole, value, &mut way).then(|| cut(text, &way)).flatten()
        });
        found.map_or_else(|| value.to_string(), str::to_owned)
    }
}

/// The way to a list or an object in `whole` that is the same as `value`.
fn find<'v>(whole: &'v Value, value: &Value, way: &mut Vec<Step<'v>>) -> bool {
    if !(value.is_array() || value.is_object()) || way.len() > DEEPEST {
        return false;
    }
    if whole == value {
        return true;
    }
    let mut inside = |step, inner| {
        way.push(step);
        let found = find(inner, value, way);
        if !found {
            way.pop();
        }
        found
    };
    match whole {
        Value::Array(items) => items.iter().enumerate().any(|(at, item)| inside(Step::Item(at), item)),
        Value::Object(members) => members.iter().any(|(name, member)| inside(Step::Member(name), member)),
        _ => false,
    }
}

fn cut<'t>(text: &'t str, way: &[Step<'_>]) -> Option<&'t str> {
    let mut text = text.trim();
    for step in way {
        let inner = match step {
            Step::Member(name) => {
                let mut members: BTreeMap<String, &'t RawValue> = serde_json::from_str(text).ok()?;
                members.remove(*name)?
            }
            Step::Item(at) => {
                let items: Vec<&'t RawValue> = serde_json::from_str(text).ok()?;
                items.get(*at).copied()?
            }
        };
        text = inner.get();
    }
    Some(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(texts: &[&str], value: Value, shown: &str) {
        assert_eq!(Spelling::of(texts.iter().copied()).text(&value), shown);
    }

    #[test]
    fn what_was_given_is_shown_as_it_was_spelt() {
        check(&["[1,  2]"], json!([1, 2]), "[1,  2]");
        check(&[r#"{"a" : [ {"b": [1, 2.50] } ]}"#], json!([1, 2.5]), "[1, 2.50]");
        check(&["no JSON", " {} ", r#"{"x": {"y":  null}}"#], json!({"y": null}), r#"{"y":  null}"#);
        check(&[r#"{"a": [1, 2], "a": [3, 4]}"#], json!([3, 4]), "[3, 4]");
    }

    #[test]
    fn what_is_new_is_compact() {
        check(&["[1, 2]"], json!([2, 1]), "[2,1]");
        check(&["[1.0]"], json!(1), "1");
        check(&[r#"["a"]"#], json!("a"), r#""a""#);
        let deep = format!("{}[1, 2]{}", "[".repeat(40), "]".repeat(40));
        check(&[&deep], json!([1, 2]), "[1,2]");
    }
}
