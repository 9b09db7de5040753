//! `$random(seed)`: a number from 0 up to and without 1; the same for the same seed.

use jsonata_core::value::JValue;

use super::{
    Answer, Chance,
    argument::{is_missing, number},
};
use crate::asl::scope::split_mix;

pub(super) fn apply(args: &[JValue], chance: &Chance) -> Answer {
    let rolled =
        if is_missing(args, 0) { chance.roll() } else { split_mix(number(args, 0, "random")?.to_bits()).1 };
    // As many bits as a float holds exactly.
    Ok(JValue::from_f64((rolled >> 11) as f64 / (1_u64 << 53) as f64))
}
