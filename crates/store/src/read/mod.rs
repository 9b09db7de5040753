//! Reading: a few connections that see what was committed and can change nothing.

mod count;
mod document;
mod folders;
mod history;
mod pool;
mod work;

pub(crate) use self::{
    count::{count, weigh},
    document::{Kept, document_sum, get, list},
    folders::folders,
    history::{HISTORY_FORMAT, history, history_sum, name_sum},
    pool::Readers,
    work::{agenda, due, next_due, work_sum},
};
