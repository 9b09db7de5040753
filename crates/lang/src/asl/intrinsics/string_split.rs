//! `States.StringSplit(text, delimiters)`: the pieces between any of the delimiting characters, empty ones left out.

use serde_json::Value;

use super::argument::text;
use crate::asl::scope::Scope;

pub(super) fn apply(arguments: &[Value], _: &Scope<'_>) -> Result<Value, String> {
    let (text, delimiters) = (text(arguments, 0)?, text(arguments, 1)?);
    let set: std::collections::HashSet<char> = delimiters.chars().collect();
    let pieces = text.split(|c| set.contains(&c)).filter(|piece| !piece.is_empty());
    Ok(pieces.map(Value::from).collect())
}
