//! Who serves models.
//!
//! Here: processes of this machine. Containers, clusters and AWS come as files beside it.

mod process;

pub use process::Process;
