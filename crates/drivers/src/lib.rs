//! How the world does it: processes, disks, calls to the outside and from it.
//!
//! Every port of `domain` that has a choice has its drivers here, one file (or folder) each, and one conformance
//! suite that all of them pass ([`conformance`]). Foreign types end here.

pub mod blobs;
pub mod conformance;
pub mod jobs;
pub mod outside;
pub mod process;
pub mod serving;
pub mod sources;
pub mod supervisor;
mod trouble;
