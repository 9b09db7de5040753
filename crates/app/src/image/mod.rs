//! Building and pushing OCI images without a daemon: the client side of `trainyard image`.
//!
//! An image made here brings the program and what it imports, and no operating system: it runs on the host's
//! (`domain::image::HOST_BASED_LABEL`). The same input gives the same digest.

pub(crate) mod build;
mod entries;
mod layers;
pub(crate) mod push;
pub(crate) mod python;
mod requirements;
mod revision;
pub(crate) mod store;
mod words;

pub(crate) use store::Store;

use serde::{Deserialize, Serialize};
use trainyard_domain::content::Digest;

/// A reference to bytes in the local store, as OCI writes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Descriptor {
    /// What they are.
    pub media_type: String,
    /// What they hash to.
    pub digest: Digest,
    /// How many.
    pub size: u64,
}
