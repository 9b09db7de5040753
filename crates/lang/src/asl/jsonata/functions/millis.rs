//! `$millis()`: the time, in milliseconds since the epoch.

use jsonata_core::value::JValue;

use super::{Answer, Chance};

pub(super) fn apply(_: &[JValue], chance: &Chance) -> Answer {
    Ok(JValue::from_f64(chance.now as f64))
}
