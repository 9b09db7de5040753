//! The nouns of Trainyard, their legal status moves, error kinds, and the ports.
//!
//! Nothing here does I/O, reads a clock or knows a runtime. Start with [`event::Event`] (what is told),
//! [`job::JobSpec`] (what is done) and [`ports`] (who does it).

pub mod arn;
pub mod content;
pub mod crc;
pub mod event;
pub mod failure;
mod hex;
pub mod hook;
pub mod image;
pub mod job;
pub mod kind;
pub mod outcall;
pub mod ports;
pub mod principal;
pub mod scope;
pub mod serving;
pub mod time;
pub mod typed;

pub use arn::Arn;
pub use event::Event;
pub use failure::Failure;
pub use hex::hex;
pub use kind::Kind;
pub use principal::Principal;
pub use scope::{AccountId, Region, Scope};
pub use time::Timestamp;
