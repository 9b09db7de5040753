//! Where events come from outside: each file reads the calls of one kind of system.
//!
//! Every kind verifies before it reads, over the bytes as they came, in a time that says nothing of the secret
//! (`proof.rs`); what it then reads it names by its place when it is missing (`fields.rs`). What the events look like
//! is in `docs/events`, how the other side is set up in `docs/hooks.md`.

mod fields;
mod github;
mod proof;
mod registry;
mod signed;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use trainyard_domain::ports::Hook;

pub use github::GitHub;
pub use registry::Registry;
pub use signed::Signed;

/// The source of all events whose detail-type is ours and not the sender's.
const SOURCE: &str = "trainyard";

/// All kinds.
pub fn all() -> Vec<Arc<dyn Hook>> {
    vec![Arc::new(GitHub), Arc::new(Registry), Arc::new(Signed)]
}
