//! `$uuid()`: a random UUID of version 4.

use jsonata_core::value::JValue;

use super::{Answer, Chance};
use crate::asl::intrinsics::uuid_of;

pub(super) fn apply(_: &[JValue], chance: &Chance) -> Answer {
    Ok(JValue::string(uuid_of(chance.roll(), chance.roll())))
}
