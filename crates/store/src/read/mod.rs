//! Reading: a few connections that see what was committed and can change nothing.

mod document;
mod folders;
mod history;

mod pool;
mod work;

pub(crate) use self::{
    document::{document_sum, get, list},
    folders::folders,
    history::{HISTORY_FORMAT, history, history_sum, name_sum},
    pool::Readers,
    work::{due, next_due, work_sum},
};
