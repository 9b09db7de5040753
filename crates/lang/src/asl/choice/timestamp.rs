//! `Timestamp…`.

use std::cmp::Ordering;

use serde_json::Value;

/// The order of two times.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    Some(read(left)?.cmp(&read(right)?))
}

/// A date and time with an offset.
pub(super) fn read(value: &Value) -> Option<jiff::Timestamp> {
    let text = value.as_str()?;
    let strict = text.as_bytes().get(10) == Some(&b'T') && !text.contains('[');
    strict.then(|| text.parse().ok()).flatten()
}
