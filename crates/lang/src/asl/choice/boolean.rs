//! `BooleanEquals`.

use serde_json::Value;

/// Whether both are the same boolean.
pub(super) fn equal(left: &Value, right: &Value) -> bool {
    matches!((left, right), (Value::Bool(left), Value::Bool(right)) if left == right)
}
