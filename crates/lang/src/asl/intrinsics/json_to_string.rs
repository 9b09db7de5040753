//! `States.JsonToString(value)`: the value as compact JSON text.

use serde_json::Value;

use crate::asl::scope::Scope;

pub(super) fn apply(arguments: &[Value], _: &Scope<'_>) -> Result<Value, String> {
    Ok(arguments[0].to_string().into())
}
