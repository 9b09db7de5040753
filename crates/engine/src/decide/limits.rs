//! How much an execution may hold.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>

use std::collections::BTreeMap;

use serde_json::Value;
use trainyard_lang::asl::Fault;

use crate::Payload;

/// The most events of a history.
pub const HISTORY_LIMIT: u64 = 25_000;
/// The most bytes, as JSON in UTF-8, of an input, an output, a result or parameters, where nothing else is said
/// ([`crate::Moment::payload_limit`]).
pub const PAYLOAD_LIMIT: usize = 256 * 1024;
/// The most bytes, as JSON in UTF-8, of all variables of an execution together.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html>
const VARIABLES_LIMIT: usize = 10 * 1024 * 1024;
/// How deeply data may nest: all that is stored can then be read again.
const DEPTH_LIMIT: usize = 100;

/// The size of what `what` gives, or why it gives too much: more than `most` bytes.
pub(super) fn check(most: usize, what: &str, data: &Payload) -> Result<usize, Fault> {
    let size = data.text().len();
    if size > most {
        return Err(Fault::too_large(format!(
            "The state/task '{what}' returned a result with a size exceeding the maximum number of bytes service \
             limit."
        )));
    }
    if deeper(data, DEPTH_LIMIT) {
        let cause =
            format!("The state/task '{what}' returned a result that nests deeper than {DEPTH_LIMIT} levels.");
        return Err(Fault::too_large(cause));
    }
    Ok(size)
}

/// The same for the variables that a state sets: together they may be as large as an output.
/// <https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html>
pub(super) fn check_assigned(
    most: usize,
    what: &str,
    assigned: &BTreeMap<String, Payload>,
) -> Result<usize, Fault> {
    let mut size = 0;
    for value in assigned.values() {
        size += check(most, what, value)?;
    }
    if size > most {
        return Err(Fault::too_large(format!(
            "The state/task '{what}' assigns variables with a size exceeding the maximum number of bytes service \
             limit."
        )));
    }
    Ok(size)
}

/// Whether an execution may hold so many bytes of variables, after what `what` assigns: what one state may assign fits.
pub(super) fn check_held(most: usize, what: &str, held: usize) -> Result<(), Fault> {
    if held > VARIABLES_LIMIT.max(most) {
        return Err(Fault::too_large(format!(
            "The state/task '{what}' assigns variables with which the total size of all variables exceeds the \
             maximum number of bytes service limit."
        )));
    }
    Ok(())
}

fn deeper(value: &Value, left: usize) -> bool {
    let Some(left) = left.checked_sub(1) else {
        return value.is_array() || value.is_object();
    };
    match value {
        Value::Array(items) => items.iter().any(|item| deeper(item, left)),
        Value::Object(members) => members.values().any(|member| deeper(member, left)),
        _ => false,
    }
}
