//! Values of JSON and of JSONata.

use jsonata_core::value::JValue;
use serde_json::{Map, Number, Value};

/// Why a value of JSONata is no JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NoJson {
    /// A function, a regular expression or a number beyond all numbers.
    Kind,
    /// Larger or deeper than anything that a state may hand on.
    TooMuch,
}

/// How deep it may nest.
const DEPTH: usize = 200;

/// The JSON that a value is, of about so many bytes at most. Members and items that are undefined are left out.
pub(super) fn to_json(value: &JValue, most: usize) -> Result<Value, NoJson> {
    let mut left = most;
    json(value, DEPTH, &mut left)
}

fn json(value: &JValue, depth: usize, left: &mut usize) -> Result<Value, NoJson> {
    let mut spend = |bytes: usize| {
        *left = left.checked_sub(bytes).ok_or(NoJson::TooMuch)?;
        Ok(())
    };
    let depth = depth.checked_sub(1).ok_or(NoJson::TooMuch)?;
    match value {
        JValue::Null => spend(4).map(|()| Value::Null),
        JValue::Bool(value) => spend(5).map(|()| Value::Bool(*value)),
        JValue::Number(number) => {
            spend(8)?;
            to_number(*number).map(Value::Number).ok_or(NoJson::Kind)
        }
        JValue::String(text) => {
            spend(text.len() + 2)?;
            Ok(Value::String(text.to_string()))
        }
        JValue::Array(items) => {
            spend(2)?;
            let items = items.iter().filter(|item| !item.is_undefined());
            items.map(|item| json(item, depth, left)).collect()
        }
        JValue::Object(members) => {
            spend(2)?;
            let mut object = Map::new();
            for (name, member) in members.iter().filter(|(_, member)| !member.is_undefined()) {
                *left = left.checked_sub(name.len() + 4).ok_or(NoJson::TooMuch)?;
                object.insert(name.clone(), json(member, depth, left)?);
            }
            Ok(Value::Object(object))
        }
        JValue::Undefined | JValue::Lambda(_) | JValue::Builtin { .. } | JValue::Regex { .. } => {
            Err(NoJson::Kind)
        }
    }
}

/// Whole numbers are written without a fraction, as far as a float can tell them apart.
fn to_number(number: f64) -> Option<Number> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() <= EXACT {
        return Some(Number::from(number as i64));
    }
    Number::from_f64(number)
}

/// Whether the value, written out, has at most so many nodes and bytes. What is shared counts as often as it stands.
pub(super) fn is_within(value: &JValue, mut left: usize) -> bool {
    fn count(value: &JValue, depth: usize, left: &mut usize) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        let own = match value {
            JValue::String(text) => text.len() + 2,
            _ => 4,
        };
        *left = left.checked_sub(own)?;
        match value {
            JValue::Array(items) => items.iter().try_for_each(|item| count(item, depth, left)),
            JValue::Object(members) => members.iter().try_for_each(|(name, member)| {
                *left = left.checked_sub(name.len() + 4)?;
                count(member, depth, left)
            }),
            _ => Some(()),
        }
    }
    count(value, DEPTH, &mut left).is_some()
}
