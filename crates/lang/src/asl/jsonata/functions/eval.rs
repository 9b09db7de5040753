//! `$eval`, which AWS leaves out: expressions are all known when the state machine is made.

use jsonata_core::{evaluator::EvaluatorError, value::JValue};

use super::{Answer, Chance};

pub(super) fn apply(_: &[JValue], _: &Chance) -> Answer {
    Err(EvaluatorError::ReferenceError("T1006: Attempted to invoke a non-function".to_owned()))
}
