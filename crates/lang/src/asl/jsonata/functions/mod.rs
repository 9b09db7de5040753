//! The functions that AWS adds to JSONata, and those of JSONata that are not pure: one file each.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/transforming-data.html#jsonata-functions-supplied>

mod argument;
mod eval;
mod hash;
mod millis;
mod now;
mod parse;
mod partition;
mod random;
mod range;
mod shuffle;
mod uuid;

use std::{cell::Cell, rc::Rc};

use jsonata_core::{
    evaluator::{Evaluator, EvaluatorError},
    value::JValue,
};

pub(super) use self::argument::wrong;
use super::names::Names;
use crate::asl::scope::split_mix;

/// The time and the dice of one evaluation.
pub(super) struct Chance {
    dice: Cell<u64>,
    now: i64,
}

impl Chance {
    pub(super) fn new(dice: u64, now: i64) -> Self {
        Self { dice: Cell::new(dice), now }
    }

    /// Where the dice stand now.
    pub(super) fn dice(&self) -> u64 {
        self.dice.get()
    }

    fn roll(&self) -> u64 {
        let (state, number) = split_mix(self.dice.get());
        self.dice.set(state);
        number
    }
}

type Answer = Result<JValue, EvaluatorError>;
type Function = fn(&[JValue], &Chance) -> Answer;

/// All of them.
const FUNCTIONS: &[(&str, Function)] = &[
    ("eval", eval::apply),
    ("hash", hash::apply),
    ("millis", millis::apply),
    ("now", now::apply),
    ("parse", parse::apply),
    ("partition", partition::apply),
    ("random", random::apply),
    ("range", range::apply),
    ("shuffle", shuffle::apply),
    ("uuid", uuid::apply),
];

/// Gives the evaluator those that the expression names.
pub(super) fn register(
    evaluator: &mut Evaluator,
    names: &Names,
    chance: &Rc<Chance>,
) -> Result<(), EvaluatorError> {
    for (name, function) in FUNCTIONS {
        if names.functions.contains(*name) || names.variables.contains(*name) {
            let chance = Rc::clone(chance);
            evaluator.register_fn_override(*name, move |args: &[JValue]| function(args, &chance))?;
        }
    }
    Ok(())
}
