//! `States.ArrayUnique(array)`: the items without repetitions, in their order.

use std::collections::HashSet;

use serde_json::Value;

use super::argument::array;
use crate::asl::scope::Scope;

pub(super) fn apply(arguments: &[Value], _: &Scope<'_>) -> Result<Value, String> {
    let mut seen = HashSet::new();
    Ok(array(arguments, 0)?.iter().filter(|item| seen.insert(*item)).cloned().collect())
}
