//! `States.Array(a, b, …)`: a list of its arguments.

use serde_json::Value;

use crate::asl::scope::Scope;

pub(super) fn apply(arguments: &[Value], _: &Scope<'_>) -> Result<Value, String> {
    Ok(Value::Array(arguments.to_vec()))
}
