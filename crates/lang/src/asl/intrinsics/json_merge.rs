//! `States.JsonMerge(a, b, false)`: the members of both objects; those of `b` win. Merging deeply is not offered.

use serde_json::Value;

use crate::asl::scope::Scope;

pub(super) fn apply(arguments: &[Value], _: &Scope<'_>) -> Result<Value, String> {
    let [Value::Object(first), Value::Object(second), deep] = arguments else {
        return Err("The first two arguments must be objects".to_owned());
    };
    match deep {
        Value::Bool(false) => {}
        Value::Bool(true) => {
            return Err("Deep merging is not supported: the third argument must be false".to_owned());
        }
        _ => return Err("The third argument must be a boolean".to_owned()),
    }
    let mut merged = first.clone();
    merged.extend(second.iter().map(|(name, value)| (name.clone(), value.clone())));
    Ok(Value::Object(merged))
}
