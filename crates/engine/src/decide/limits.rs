//! How much an execution may hold.
//! <https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html>

use std::io;

use serde_json::Value;
use trainyard_lang::asl::Fault;

/// The most events of a history.
pub const HISTORY_LIMIT: u64 = 25_000;
/// The most bytes, as JSON in UTF-8, of an input, an output, a result or parameters.
pub const PAYLOAD_LIMIT: usize = 256 * 1024;
/// How deeply data may nest: all that is stored can then be read again.
const DEPTH_LIMIT: usize = 100;

/// The size of what `what` gives, or why it gives too much.
pub(super) fn check(what: &str, value: &Value) -> Result<usize, Fault> {
    let size = size(value);
    if size > PAYLOAD_LIMIT {
        return Err(Fault::too_large(format!(
            "The state/task '{what}' returned a result with a size exceeding the maximum number of bytes service \
             limit."
        )));
    }
    if deeper(value, DEPTH_LIMIT) {
        let cause =
            format!("The state/task '{what}' returned a result that nests deeper than {DEPTH_LIMIT} levels.");
        return Err(Fault::too_large(cause));
    }
    Ok(size)
}

/// How many bytes the value takes as JSON.
fn size(value: &Value) -> usize {
    struct Count(usize);
    impl io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    match serde_json::to_writer(&mut count, value) {
        Ok(()) => count.0,
        Err(_) => usize::MAX,
    }
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
