//! A serving variant: something that runs until it is removed and answers requests.

use std::{collections::BTreeMap, fmt, path::PathBuf};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::{
    Timestamp,
    image::Image,
    job::{Mount, NotAnId, Resources, is_label},
};

/// The id of one running copy of a variant, safe as a file name, a process label or a pod name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct VariantId(String);

/// All that a driver needs to serve a model. The container's contract: `GET /ping` and `POST /invocations` on
/// the port in `SAGEMAKER_BIND_TO_PORT`, which the driver sets.
/// <https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html>
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct VariantSpec {
    /// The variant.
    pub id: VariantId,
    /// Its image.
    pub image: Image,
    /// Program and arguments.
    pub command: Vec<String>,
    /// The environment.
    pub env: BTreeMap<String, String>,
    /// Where it starts, as it sees it.
    pub working_dir: PathBuf,
    /// Directories that it sees: the model at `/opt/ml/model`.
    pub mounts: Vec<Mount>,
    /// What it may use.
    pub resources: Resources,
}

/// What a driver sees of a variant now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Health {
    /// The driver has never heard of it, or has forgotten it.
    Absent,
    /// It is kept, but nothing brings it up: a server took it on and ended before it had started it. `ensure` does.
    Unstarted,
    /// It is there and does not answer `GET /ping` yet.
    Starting {
        /// Since when.
        since: Timestamp,
        /// What it waits for.
        reason: String,
    },
    /// It answers.
    Ready,
    /// It ended, or can never run here.
    Failed {
        /// Why.
        reason: String,
    },
}

/// One request to a model: `POST /invocations`. Nothing else of the caller's reaches the model, credentials least.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invocation {
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `Accept`.
    pub accept: Option<String>,
    /// `X-Amzn-SageMaker-Custom-Attributes`.
    pub custom_attributes: Option<String>,
    /// The body.
    pub body: Bytes,
}

/// What a model answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// `Content-Type`.
    pub content_type: Option<String>,
    /// `X-Amzn-SageMaker-Custom-Attributes`.
    pub custom_attributes: Option<String>,
    /// The body.
    pub body: Bytes,
}

impl VariantId {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for VariantId {
    type Error = NotAnId;
    fn try_from(text: String) -> Result<Self, NotAnId> {
        if is_label(&text) { Ok(Self(text)) } else { Err(NotAnId(text)) }
    }
}

impl From<VariantId> for String {
    fn from(id: VariantId) -> Self {
        id.0
    }
}

impl fmt::Display for VariantId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
