//! Reading: a few connections that see what was committed and can change nothing.

mod count;
mod document;
mod folders;
mod history;
mod named;
mod pool;
mod scopes;
mod text;
mod trail;
mod work;

pub(crate) use self::{
    count::{count, weigh},
    document::{Kept, any, document_sum, get, list},
    folders::folders,
    history::{HISTORY_FORMAT, history, history_sum, name_sum},
    named::is_named,
    pool::Readers,
    scopes::scopes,
    text::text,
    trail::{stretch, surplus, trails},
    work::{agenda, due, lanes, next_due, one, work_sum},
};
