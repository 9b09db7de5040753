//! `$hash(text, algorithm)`: the digest in hex.

use jsonata_core::value::JValue;

use super::{
    Answer, Chance,
    argument::{fault, is_missing, text},
};
use crate::asl::intrinsics::digest;

pub(super) fn apply(args: &[JValue], _: &Chance) -> Answer {
    if is_missing(args, 0) {
        return Ok(JValue::Undefined);
    }
    let data = text(args, 0, "hash")?;
    let algorithm = if is_missing(args, 1) { "SHA-256" } else { text(args, 1, "hash")? };
    digest(data, algorithm).map(JValue::string).map_err(fault)
}
