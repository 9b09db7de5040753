//! `Timestamp…`.

use std::cmp::Ordering;

use serde_json::Value;

use crate::asl::timestamp::read;

/// The order of two times.
pub(super) fn order(left: &Value, right: &Value) -> Option<Ordering> {
    Some(read(left.as_str()?)?.cmp(&read(right.as_str()?)?))
}
