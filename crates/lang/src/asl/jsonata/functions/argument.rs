//! What functions ask of their arguments, in JSONata's words.

use jsonata_core::{evaluator::EvaluatorError, value::JValue};

/// The fault of an argument of the wrong type, counted from 0.
pub(in crate::asl::jsonata) fn wrong(at: usize, function: &str) -> EvaluatorError {
    let place = at + 1;
    EvaluatorError::TypeError(format!(
        "T0410: Argument {place} of function \"{function}\" does not match function signature"
    ))
}

/// A fault of the function's own.
pub(super) fn fault(message: impl Into<String>) -> EvaluatorError {
    EvaluatorError::EvaluationError(message.into())
}

pub(super) fn number(args: &[JValue], at: usize, function: &str) -> Result<f64, EvaluatorError> {
    args.get(at).and_then(JValue::as_f64).filter(|n| n.is_finite()).ok_or_else(|| wrong(at, function))
}

pub(super) fn text<'a>(args: &'a [JValue], at: usize, function: &str) -> Result<&'a str, EvaluatorError> {
    args.get(at).and_then(JValue::as_str).ok_or_else(|| wrong(at, function))
}

/// Whether the argument is not there, or is nothing.
pub(super) fn is_missing(args: &[JValue], at: usize) -> bool {
    args.get(at).is_none_or(JValue::is_undefined)
}
