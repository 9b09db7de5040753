//! `States.ArrayPartition(array, size)`: the items in lists of at most so many.

use serde_json::Value;

use super::argument::{array, whole};
use crate::asl::scope::Scope;

pub(super) fn apply(arguments: &[Value], _: &Scope<'_>) -> Result<Value, String> {
    let (items, size) = (array(arguments, 0)?, whole(arguments, 1)?);
    let size = usize::try_from(size).ok().filter(|size| *size > 0);
    let size = size.ok_or("The chunk size must be a positive whole number")?;
    Ok(items.chunks(size).map(|chunk| Value::Array(chunk.to_vec())).collect())
}
