//! Buckets and objects: data sets, models, reports, and whatever people keep in S3.
//!
//! An object is a document; its bytes are blobs that are never changed. Bytes are on the disk before the document
//! is committed, so that what was acknowledged is whole, and what was not is invisible. A multipart upload's parts
//! become the object's pieces as they are, and a copy shares them. Blobs that no document names any more are
//! removed some time later ([`Removal`]); those that no document ever named are swept at start
//! ([`Artifacts::sweep`]).
//!
//! The room does not know S3's protocol, and never looks into an object.
//!
//! Verbs: [`Artifacts::stage`] and [`Artifacts::put`] (bytes, then the object), [`Artifacts::stat`],
//! [`Artifacts::read`], [`Artifacts::list`], [`Artifacts::delete`], the buckets', the uploads', and in short
//! [`Artifacts::store`] and [`Artifacts::fetch`] for other rooms.

mod buckets;
mod error;
mod listing;
mod nouns;
mod objects;
mod place;
mod stage;
mod told;
mod uploads;
mod watch;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use tokio::sync::RwLock;
use trainyard_domain::{Timestamp, ports::Blobs};

use crate::ground::Ground;

pub use error::Error;
pub use listing::{ListEntry, ListQuery, Listing};
pub use nouns::{Bucket, Checksum, Headers, Object, Piece, Upload, UploadPart};
pub use objects::{Condition, New};
pub use place::{Place, check_bucket};
pub use stage::Staged;
pub use uploads::{Chosen, Completion, Composed};
pub use watch::Removal;

/// The room. Cheap to clone.
#[derive(Clone)]
pub struct Artifacts {
    ground: Ground,
    blobs: Arc<dyn Blobs>,
    /// When the room was opened: all bytes that this process stages come later.
    opened: Timestamp,
    /// Who adds to a bucket or an upload holds it for reading, who ends one for writing: nothing is added to what
    /// is gone.
    standing: Arc<RwLock<()>>,
}

impl Artifacts {
    /// On this ground, with the bytes in `blobs`, under keys that begin with `s3/`.
    pub fn new(ground: Ground, blobs: Arc<dyn Blobs>) -> Self {
        let opened = ground.now();
        Self { ground, blobs, opened, standing: Arc::default() }
    }
}
