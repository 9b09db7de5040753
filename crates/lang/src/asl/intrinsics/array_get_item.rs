//! `States.ArrayGetItem(array, index)`: the item, counted from 0.

use serde_json::Value;

use super::argument::{array, whole};
use crate::asl::scope::Scope;

pub(super) fn apply(arguments: &[Value], _: &Scope<'_>) -> Result<Value, String> {
    let (items, index) = (array(arguments, 0)?, whole(arguments, 1)?);
    let item = usize::try_from(index).ok().and_then(|at| items.get(at));
    item.cloned().ok_or_else(|| format!("Index {index} is outside of the array of {} items", items.len()))
}
