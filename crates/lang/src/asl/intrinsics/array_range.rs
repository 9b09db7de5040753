//! `States.ArrayRange(first, last, step)`: at most 1000 numbers, the last included when a step meets it.

use serde_json::Value;

use super::argument::whole;
use crate::asl::scope::Scope;

/// AWS's limit.
const LIMIT: i128 = 1000;

pub(super) fn apply(arguments: &[Value], _: &Scope<'_>) -> Result<Value, String> {
    let (first, last, step) = (whole(arguments, 0)?, whole(arguments, 1)?, whole(arguments, 2)?);
    if step == 0 {
        return Err("The step must not be zero".to_owned());
    }
    let span = (i128::from(last) - i128::from(first)) / i128::from(step);
    let ahead = (last >= first) == (step > 0) || last == first;
    let count = if ahead { span + 1 } else { 0 };
    if count > LIMIT {
        return Err(format!("The range has {count} items but may have {LIMIT}"));
    }
    let numbers =
        (0..i64::try_from(count).unwrap_or(0)).map(|n| first.saturating_add(n.saturating_mul(step)));
    Ok(numbers.map(Value::from).collect())
}
