//! Reading: a few connections that see what was committed and can change nothing.

mod count;
mod document;
mod folders;
mod history;
mod last;
mod named;
mod pool;
mod text;
mod work;

pub(crate) use self::{
    count::{count, weigh},
    document::{Kept, any, document_sum, get, list},
    folders::folders,
    history::{HISTORY_FORMAT, history, history_sum, name_sum},
    last::{first_of_last, scopes},
    named::is_named,
    pool::Readers,
    text::text,
    work::{agenda, due, lanes, next_due, work_sum},
};
