//! `$parse(text)`: the value that the text is the JSON of.

use jsonata_core::value::JValue;

use super::{
    Answer, Chance,
    argument::{fault, is_missing, text},
};

pub(super) fn apply(args: &[JValue], _: &Chance) -> Answer {
    if is_missing(args, 0) {
        return Ok(JValue::Undefined);
    }
    let text = text(args, 0, "parse")?;
    JValue::from_json_str(text).map_err(|why| fault(format!("The argument of $parse is not JSON: {why}")))
}
