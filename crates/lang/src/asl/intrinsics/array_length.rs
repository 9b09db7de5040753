//! `States.ArrayLength(array)`: how many items.

use serde_json::Value;

use super::argument::array;
use crate::asl::scope::Scope;

pub(super) fn apply(arguments: &[Value], _: &Scope<'_>) -> Result<Value, String> {
    Ok(array(arguments, 0)?.len().into())
}
