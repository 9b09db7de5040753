//! `States.MathAdd(a, b)`: the sum of two whole numbers; others are rounded first.

use serde_json::Value;

use super::argument::whole;
use crate::asl::scope::Scope;

pub(super) fn apply(arguments: &[Value], _: &Scope<'_>) -> Result<Value, String> {
    let sum = whole(arguments, 0)?.checked_add(whole(arguments, 1)?);
    Ok(sum.ok_or("The sum is too large")?.into())
}
