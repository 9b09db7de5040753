//! `States.ArrayContains(array, value)`: whether the value is one of the items.

use serde_json::Value;

use super::argument::array;
use crate::asl::scope::Scope;

pub(super) fn apply(arguments: &[Value], _: &Scope<'_>) -> Result<Value, String> {
    Ok(array(arguments, 0)?.contains(&arguments[1]).into())
}
