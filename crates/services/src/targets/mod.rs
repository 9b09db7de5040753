//! What rules can start: one file each.
//!
//! A target holds the room that does the work; the bus knows it only as [`crate::bus::Target`].

pub mod state_machine;

pub use state_machine::StateMachine;
