//! What rules can start: one file each.
//!
//! A target holds the room that does the work; the bus knows it only as [`crate::bus::Target`].

pub mod codebuild_project;
pub mod queue;
pub mod state_machine;

pub use codebuild_project::CodeBuildProject;
pub use queue::Queue;
pub use state_machine::StateMachine;
