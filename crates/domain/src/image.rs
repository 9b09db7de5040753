//! An OCI image as a driver needs it: which layers make its files, and how it is started.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::content::{Content, Digest};

/// An image, pinned by digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Image {
    /// The name it was asked for by, for people.
    pub reference: String,
    /// The manifest's digest.
    pub digest: Digest,
    /// The layers, lowest first.
    pub layers: Vec<Layer>,
    /// How it is started.
    pub config: ImageConfig,
}

/// One layer: a tar archive, perhaps compressed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Layer {
    /// Digest of the stored (compressed) bytes.
    pub digest: Digest,
    /// As the manifest has it; tells the compression.
    pub media_type: String,
    /// Where the bytes are.
    pub content: Content,
}

/// The part of an image's config that starting it needs.
/// <https://github.com/opencontainers/image-spec/blob/main/config.md>
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ImageConfig {
    /// `ENTRYPOINT`.
    pub entrypoint: Vec<String>,
    /// `CMD`.
    pub cmd: Vec<String>,
    /// `ENV`.
    pub env: BTreeMap<String, String>,
    /// `WORKDIR`; empty means `/`.
    pub working_dir: String,
    /// `LABEL`.
    pub labels: BTreeMap<String, String>,
}

/// The label that `trainyard image build` sets: such an image brings no operating system of its own and
/// runs on the host's, so that no container runtime is needed. Its value is the Python ABI and platform.
pub const HOST_BASED_LABEL: &str = "dev.trainyard.host-based";

/// The label with the commit that an image was built from (OCI annotations' own key).
pub const REVISION_LABEL: &str = "org.opencontainers.image.revision";
