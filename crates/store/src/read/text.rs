//! Text that may not be text any more.

use rusqlite::{Row, types::ValueRef};

/// The column's text, whatever it holds: what is no UTF-8 any more is replaced, and so never what was written.
pub(crate) fn text(row: &Row<'_>, at: usize) -> String {
    match row.get_ref(at) {
        Ok(ValueRef::Text(bytes) | ValueRef::Blob(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    }
}
