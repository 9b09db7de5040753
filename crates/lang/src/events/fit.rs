//! Whether an event is one that the known kinds can be.

use serde_json::Value;

use super::{Field, KINDS, Kind, Values};

/// What is wrong with the event, given as its whole envelope; nothing where it is of no kind that is known.
pub fn misfits(event: &Value) -> Vec<String> {
    let text = |name: &str| event[name].as_str().unwrap_or_default();
    let (source, detail_type) = (text("source"), text("detail-type"));
    let kind = KINDS.iter().find(|kind| kind.source == source && kind.detail_type == detail_type);
    let mut found = Vec::new();
    if let Some(kind) = kind {
        look(kind, "", &event["detail"], &mut found);
    }
    found
}

/// Looks at the members of the object at that place.
fn look(kind: &Kind, place: &str, value: &Value, found: &mut Vec<String>) {
    let Value::Object(members) = value else {
        found.push(format!("`detail{place}` of \"{}\" is an object", kind.detail_type));
        return;
    };
    for (name, value) in members {
        let there = format!("{place}.{name}");
        let name = &there[1..];
        match kind.fields.iter().find(|field| field.name == name) {
            Some(field) if can_be(field, value) => {}
            Some(field) => {
                found.push(format!("`detail{there}` of \"{}\" is {}", kind.detail_type, word(field)))
            }
            None if value.is_null() => {}
            None if kind.fields.iter().any(|field| is_below(field, name)) => look(kind, &there, value, found),
            None => found.push(format!("\"{}\" has no `detail{there}`", kind.detail_type)),
        }
    }
}

fn is_below(field: &Field, name: &str) -> bool {
    field.name.strip_prefix(name).is_some_and(|rest| rest.starts_with('.'))
}

fn can_be(field: &Field, value: &Value) -> bool {
    match (field.values, value) {
        (Values::Open, _) => true,
        (Values::OneOf(texts), Value::String(text)) => texts.contains(&text.as_str()),
        (Values::Text, Value::String(_) | Value::Null)
        | (Values::Number, Value::Number(_) | Value::Null)
        | (Values::Bool, Value::Bool(_) | Value::Null) => true,
        (Values::Texts, Value::Array(items)) => items.iter().all(Value::is_string),
        _ => false,
    }
}

fn word(field: &Field) -> String {
    match field.values {
        Values::OneOf(texts) => format!("one of {}", texts.join(", ")),
        Values::Text => "a text".to_owned(),
        Values::Number => "a number".to_owned(),
        Values::Bool => "true or false".to_owned(),
        Values::Texts => "a list of texts".to_owned(),
        Values::Open => "anything".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check(source: &str, detail_type: &str, detail: &Value, expect: &[&str]) {
        let found = misfits(&json!({"source": source, "detail-type": detail_type, "detail": detail}));
        assert_eq!(found, expect);
    }

    #[test]
    fn an_event_is_looked_at_field_by_field() {
        let image = |detail: Value, expect: &[&str]| check("aws.ecr", "ECR Image Action", &detail, expect);
        image(json!({"result": "SUCCESS", "action-type": "PUSH", "image-tag": null}), &[]);
        image(
            json!({"action-type": "PULL"}),
            &[r#"`detail.action-type` of "ECR Image Action" is one of PUSH, DELETE"#],
        );
        image(json!({"scan-status": "COMPLETE"}), &[r#""ECR Image Action" has no `detail.scan-status`"#]);
        image(json!({"image-tag": 7}), &[r#"`detail.image-tag` of "ECR Image Action" is a text"#]);
        let object = |detail: Value, expect: &[&str]| check("aws.s3", "Object Created", &detail, expect);
        object(json!({"object": {"key": "a", "size": 3}}), &[]);
        object(
            json!({"object": {"key": "a", "length": 3}}),
            &[r#""Object Created" has no `detail.object.length`"#],
        );
        object(json!({"object": "a"}), &[r#"`detail.object` of "Object Created" is an object"#]);
        check("app", "Object Created", &json!({"x": 1}), &[]);
    }
}
