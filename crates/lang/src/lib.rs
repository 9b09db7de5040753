//! The languages Trainyard reads: text to checked syntax to value.
//!
//! Pure and sync: no files, no clock, no ids. Start at [`source`], the tree that all of them are read from.

pub mod asl;
pub mod buildspec;
pub mod catalog;
pub mod events;
pub mod lint;
pub mod matcher;
pub mod pattern;
pub mod samconfig;
pub mod schedule;
pub mod source;
pub mod template;
