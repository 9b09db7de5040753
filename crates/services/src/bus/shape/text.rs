//! A text of the user's that must be JSON. Pure.

use serde_json::Value;

/// Reads JSON, or says where it is none, as AWS does.
pub(super) fn read(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| flaw(text, &error))
}

/// Where the text is no JSON.
pub(super) fn flaw(text: &str, error: &serde_json::Error) -> String {
    format!("[Source: (String)\"{text}\"; line: {}, column: {}].", error.line(), error.column())
}
