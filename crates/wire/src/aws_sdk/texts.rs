//! Members that hold JSON as text: a state may give the value itself.

use serde_json::Value;

/// Turns objects and lists under these names into their JSON text.
pub(super) fn write(value: &mut Value, names: &[&str]) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| write(item, names)),
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                if names.contains(&name.as_str()) && (member.is_object() || member.is_array()) {
                    *member = Value::String(member.to_string());
                } else {
                    write(member, names);
                }
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_become_texts() {
        let mut value = json!({"input": {"a": [1]}, "entries": [{"input": "{}"}], "other": {"b": 1}});
        write(&mut value, &["input"]);
        assert_eq!(value, json!({"input": "{\"a\":[1]}", "entries": [{"input": "{}"}], "other": {"b": 1}}));
    }
}
