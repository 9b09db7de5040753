//! `$partition(array, size)`: the items in lists of at most so many.

use jsonata_core::value::JValue;

use super::{
    Answer, Chance,
    argument::{fault, is_missing, number, wrong},
};

pub(super) fn apply(args: &[JValue], _: &Chance) -> Answer {
    if is_missing(args, 0) {
        return Ok(JValue::Undefined);
    }
    let items = args[0].as_array().ok_or_else(|| wrong(0, "partition"))?;
    let size = number(args, 1, "partition")?.floor();
    if size < 1.0 {
        return Err(fault("The size of $partition must be a positive number"));
    }
    let chunks = items.chunks(size as usize);
    Ok(JValue::array(chunks.map(|chunk| JValue::array(chunk.to_vec())).collect()))
}
