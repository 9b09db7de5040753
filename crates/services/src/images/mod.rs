//! The images room: repositories, blobs, manifests, tags, and uploads under way.
//!
//! A blob is kept once per scope and is seen only through the repositories that it was pushed or mounted into. A
//! manifest is kept byte for byte, and what it refers to stays as long as it does. A new or moved tag tells
//! `ECR Image Action` in the same commit, also for a digest that was known before. A push that breaks off leaves
//! nothing visible; what it left on disk is swept a day later.
//!
//! This room never runs an image and never calls a job: it says what an image is made of ([`Images::resolve`]).

mod blobs;
mod error;
pub mod manifest;
pub mod names;
mod news;
mod nouns;
mod push;
mod query;
mod remove;
mod repositories;
mod resolve;
mod tally;
#[cfg(test)]
mod tests;
mod uploads;
mod watch;

use std::sync::Arc;

use tokio::sync::RwLock;
use trainyard_domain::ports::Blobs;

pub use error::Error;
pub use names::{Reference, Uri, check_name, registry_host};
pub use nouns::{Blob, Manifest, Repository, Tag, Upload};
pub use push::{Push, Pushed};
pub use query::{Listed, Names};
pub use repositories::NewRepository;
pub use watch::Sweep;

use crate::ground::Ground;

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Images {
    ground: Ground,
    blobs: Arc<dyn Blobs>,
    /// Who adds a reference to bytes holds it for reading, who takes bytes away for writing: between looking
    /// and committing, nothing that a manifest needs goes away. One process has the store, so this suffices.
    removal: Arc<RwLock<()>>,
}

impl Images {
    /// The room on this ground, with large bytes in `blobs`.
    pub fn new(ground: Ground, blobs: Arc<dyn Blobs>) -> Self {
        Self { ground, blobs, removal: Arc::default() }
    }
}
