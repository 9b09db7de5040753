//! `States.MathRandom(first, end[, seed])`: a whole number from `first` up to and without `end`.

use serde_json::Value;

use super::argument::whole;
use crate::asl::scope::{Scope, split_mix};

pub(super) fn apply(arguments: &[Value], scope: &Scope<'_>) -> Result<Value, String> {
    let (first, end) = (whole(arguments, 0)?, whole(arguments, 1)?);
    if first >= end {
        return Err("The first number must be less than the end".to_owned());
    }
    let number = match arguments.len() {
        3 => split_mix(whole(arguments, 2)?.cast_unsigned()).1,
        _ => scope.roll(),
    };
    Ok(first.wrapping_add_unsigned(number % end.abs_diff(first)).into())
}
