//! The JSON schema of a kind of events.

use serde_json::{Value, json};

use super::{Kind, Values};

/// The schema of the whole event.
pub fn schema(kind: &Kind) -> Value {
    let mut detail = json!({"type": "object", "properties": {}});
    for field in kind.fields {
        let mut here = &mut detail;
        for step in field.name.split('.') {
            if here.get("properties").is_none() {
                *here = json!({"type": "object", "properties": {}});
            }
            here = &mut here["properties"][step];
        }
        *here = of(field.values);
    }
    let text = json!({"type": "string"});
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": kind.detail_type,
        "type": "object",
        "required": ["version", "id", "detail-type", "source", "account", "time", "region", "resources", "detail"],
        "properties": {
            "version": {"const": "0"},
            "id": text,
            "detail-type": {"const": kind.detail_type},
            "source": {"const": kind.source},
            "account": text,
            "time": {"type": "string", "format": "date-time"},
            "region": text,
            "resources": {"type": "array", "items": text},
            "detail": detail,
        },
    })
}

/// What is not known yet is told as null by some services.
fn of(values: Values) -> Value {
    match values {
        Values::OneOf(texts) => json!({"enum": texts}),
        Values::Text => json!({"type": ["string", "null"]}),
        Values::Number => json!({"type": ["number", "null"]}),
        Values::Bool => json!({"type": ["boolean", "null"]}),
        Values::Texts => json!({"type": "array", "items": {"type": "string"}}),
        Values::Open => json!({}),
    }
}
