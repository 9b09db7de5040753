//! Reading: a few connections that see what was committed and can change nothing.

mod count;
mod document;
mod folders;
mod history;
mod pool;
mod work;

use rusqlite::{Row, types::ValueRef};

pub(crate) use self::{
    count::{count, weigh},
    document::{Kept, any, document_sum, get, list},
    folders::folders,
    history::{HISTORY_FORMAT, history, history_sum, name_sum},
    pool::Readers,
    work::{agenda, due, lanes, next_due, work_sum},
};

/// The column's text, whatever it holds: what is no UTF-8 any more is replaced, and so never what was written.
pub(crate) fn text(row: &Row<'_>, at: usize) -> String {
    match row.get_ref(at) {
        Ok(ValueRef::Text(bytes) | ValueRef::Blob(bytes)) => String::from_utf8_lossy(bytes).into_owned(),
        _ => String::new(),
    }
}
