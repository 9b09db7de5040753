//! Documents, histories, trails and work, committed together.
//!
//! Everything that must be true together is one [`Changes`] value, committed once by [`Store::commit`]. One writer
//! gathers concurrent commits into one transaction and one fsync, and answers all waiters after it: what was
//! acknowledged is on disk. The store knows nothing of what a noun means.

mod beside;
mod changes;
mod damage;
mod error;
mod hints;
mod kept;
mod list;
mod moment;
mod noun;
mod patrol;
mod place;
mod read;
mod schema;
mod scrub;
mod stats;
mod store;
mod sum;
mod trail;
mod wal;
mod watch;
mod work;
mod write;

pub use changes::{Changes, Expect};
pub use error::Error;
pub use hints::Bell;
pub use list::{Entry, Folders, List, Page, Range};
pub use noun::{Held, Keys, Noun};
pub use stats::Stats;
pub use store::Store;
pub use trail::{Stretch, Trail};
pub use work::{Agenda, WorkItem};
