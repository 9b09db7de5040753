//! What the expressions of one state see, and how much they may make.

use std::cell::Cell;

use serde_json::Value;

use super::{
    fault::Fault,
    path::{Budget, Found, Missing, Path, VISITS},
};

/// How many bytes of values the expressions of one state may make: generous beside the 256 KiB that it may hand on.
const MAKING: usize = 8 * 1024 * 1024;

/// The input, the context object and the dice for one evaluation.
pub struct Scope<'v> {
    /// What `$` means.
    pub input: &'v Value,
    /// What `$$` means.
    pub context: &'v Value,
    dice: Cell<u64>,
    making: Cell<usize>,
    visits: Cell<u32>,
}

impl<'v> Scope<'v> {
    /// A scope whose random numbers all follow from `seed`.
    pub fn new(input: &'v Value, context: &'v Value, seed: u64) -> Self {
        Self { input, context, dice: Cell::new(seed), making: Cell::new(MAKING), visits: Cell::new(VISITS) }
    }

    /// The next random number: SplitMix64, the same for the same seed.
    pub fn roll(&self) -> u64 {
        let (state, number) = split_mix(self.dice.get());
        self.dice.set(state);
        number
    }

    /// Follows a path.
    pub(crate) fn look(&self, path: &Path) -> Result<Found<'v>, Missing> {
        let mut budget = Budget(self.visits.get());
        let found = path.find_within(&mut budget, self.input, self.context);
        self.visits.set(budget.0);
        found
    }

    /// Follows a path and makes a value of what it finds.
    pub(crate) fn read(&self, path: &Path) -> Result<Value, Missing> {
        let value = self.look(path)?.into_value();
        self.spend(weight(&value)).map_err(|_| Missing::TooMuch)?;
        Ok(value)
    }

    /// Counts `bytes` as made.
    pub(crate) fn spend(&self, bytes: usize) -> Result<(), Fault> {
        let left = self.making.get().checked_sub(bytes);
        let left =
            left.ok_or_else(|| Fault::too_large("The expressions of the state make too much data."))?;
        self.making.set(left);
        Ok(())
    }
}

/// One step of SplitMix64: the next state and the number.
pub(crate) fn split_mix(state: u64) -> (u64, u64) {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut z = state;
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (state, z ^ (z >> 31))
}

/// About how many bytes a value takes as JSON.
pub(crate) fn weight(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => 4,
        Value::String(text) => text.len() + 2,
        Value::Array(items) => items.iter().map(|item| weight(item) + 1).sum::<usize>() + 2,
        Value::Object(members) => {
            members.iter().map(|(name, v)| name.len() + 4 + weight(v)).sum::<usize>() + 2
        }
    }
}
