//! What functions ask of their arguments.

use serde_json::Value;

/// The most characters that the functions on text take.
pub(super) const TEXT_LIMIT: usize = 10_000;

pub(super) fn array(arguments: &[Value], at: usize) -> Result<&Vec<Value>, String> {
    match &arguments[at] {
        Value::Array(items) => Ok(items),
        other => Err(wrong(at, "an array", other)),
    }
}

pub(super) fn text(arguments: &[Value], at: usize) -> Result<&str, String> {
    match &arguments[at] {
        Value::String(text) => Ok(text),
        other => Err(wrong(at, "a string", other)),
    }
}

pub(super) fn short_text(arguments: &[Value], at: usize) -> Result<&str, String> {
    let text = text(arguments, at)?;
    if text.chars().count() > TEXT_LIMIT {
        return Err(format!("Argument {} is longer than {TEXT_LIMIT} characters", at + 1));
    }
    Ok(text)
}

/// A whole number; others are rounded, halves upwards.
pub(super) fn whole(arguments: &[Value], at: usize) -> Result<i64, String> {
    let refused = || wrong(at, "a number", &arguments[at]);
    let number = arguments[at].as_number().ok_or_else(refused)?;
    if let Some(whole) = number.as_i64() {
        return Ok(whole);
    }
    let rounded = (number.as_f64().ok_or_else(refused)? + 0.5).floor();
    // Beyond 2^53 a float names no single whole number.
    if rounded.abs() <= 9_007_199_254_740_992.0 {
        return Ok(rounded as i64);
    }
    Err(wrong(at, "a whole number", &arguments[at]))
}

fn wrong(at: usize, wanted: &str, found: &Value) -> String {
    let kind = match found {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    };
    format!("Argument {} must be {wanted} but is {kind}", at + 1)
}
