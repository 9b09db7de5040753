//! Where large bytes are kept.
//!
//! Here: the local disk. Remote stores come as files beside it.

mod disk;
mod names;
mod sums;

pub use disk::Disk;
