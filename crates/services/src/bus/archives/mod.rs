//! Archives: what was told on a bus, kept so that it can be told again.
//!
//! An archive listens by a rule of its own, `Events-Archive-<name>`, which nobody else manages. What the rule matches
//! is put into the archive in the commit of the matching ([`keep`]): each event is a document of its own, named by the
//! event's time, so that keeping one changes nothing else and a replay reads them in order.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-archive.html>

mod archive;
mod kept;
mod rule;
mod sweep;
mod tally;
#[cfg(test)]
mod tests;
mod verbs;

pub use archive::{Archive, ArchiveFilter, ArchiveSpec};
pub(super) use kept::{Kept, keep, place};
pub(super) use sweep::Sweeper;
pub use tally::ArchiveTally;
pub(super) use tally::Tallies;
