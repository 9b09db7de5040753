//! What rules can start: one file each.
//!
//! A target holds the room that does the work; the bus knows it only as [`crate::bus::Target`].

pub mod api_destination;
pub mod codebuild_project;
pub mod event_bus;
pub mod log_group;
pub mod queue;
pub mod state_machine;
#[cfg(test)]
mod tests;

pub use api_destination::ApiDestination;
pub use codebuild_project::CodeBuildProject;
pub use event_bus::EventBus;
pub use log_group::LogGroup;
pub use queue::Queue;
pub use state_machine::StateMachine;
