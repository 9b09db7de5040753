//! `$range(first, last, step)`: numbers, the last included when a step meets it.

use jsonata_core::value::JValue;

use super::{
    Answer, Chance,
    argument::{fault, is_missing, number},
};

/// AWS's limit.
const LIMIT: f64 = 1000.0;

pub(super) fn apply(args: &[JValue], _: &Chance) -> Answer {
    if is_missing(args, 0) {
        return Ok(JValue::Undefined);
    }
    let (first, last) = (number(args, 0, "range")?, number(args, 1, "range")?);
    let step = if is_missing(args, 2) { 1.0 } else { number(args, 2, "range")? };
    if step == 0.0 {
        return Err(fault("The step of $range must not be zero"));
    }
    let count = ((last - first) / step).floor() + 1.0;
    if count > LIMIT {
        return Err(fault(format!("$range cannot give more than {LIMIT} numbers")));
    }
    let numbers = (0..count.max(0.0) as u32).map(|at| JValue::from_f64(f64::from(at).mul_add(step, first)));
    Ok(JValue::sequence(numbers.collect()))
}
