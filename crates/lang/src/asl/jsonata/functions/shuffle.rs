//! `$shuffle(array)`: the items in an order that the dice give.

use jsonata_core::value::JValue;

use super::{Answer, Chance, argument::is_missing};

pub(super) fn apply(args: &[JValue], chance: &Chance) -> Answer {
    if is_missing(args, 0) {
        return Ok(JValue::Undefined);
    }
    let mut items = match args[0].as_array() {
        Some(items) => items.clone(),
        None => vec![args[0].clone()],
    };
    for last in (1..items.len()).rev() {
        let other = chance.roll() % (last as u64 + 1);
        items.swap(last, usize::try_from(other).unwrap_or(last));
    }
    Ok(JValue::array(items))
}
