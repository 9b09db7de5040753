//! `States.StringToJson(text)`: the value that the text is the JSON of; `null` for blank text.

use serde_json::Value;

use super::argument::text;
use crate::asl::scope::Scope;

pub(super) fn apply(arguments: &[Value], _: &Scope<'_>) -> Result<Value, String> {
    match text(arguments, 0)?.trim() {
        "" => Ok(Value::Null),
        // A whole number, for which serde_json would give the float -0.0.
        "-0" => Ok(0.into()),
        text => serde_json::from_str(text).map_err(|e| format!("The argument is not JSON: {e}")),
    }
}
