//! Replays: the events of an archive, told again on their bus.
//!
//! A replay goes from page to page: the events of one are told in the commit that remembers how far it got, so that a
//! crash neither leaves one out nor tells one twice. The events say which replay they are of.
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-replay-archived-event.html>

mod replay;
mod run;
#[cfg(test)]
mod tests;
mod verbs;

pub use replay::{Replay, ReplayFilter, ReplaySpec, ReplayState};
pub(super) use run::{Replayer, next};
