//! Where large bytes are kept.

use std::{io, ops::Range, pin::Pin};

use async_trait::async_trait;
use bytes::Bytes;
use futures::Stream;

use super::DriverError;
use crate::{Timestamp, content::BlobKey};

/// Bytes that come one piece after the other.
pub type ByteStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// What is known of a blob.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stat {
    /// Its key.
    pub key: BlobKey,
    /// How many bytes.
    pub size: u64,
    /// When it was put.
    pub modified: Timestamp,
}

/// A place for large bytes. A blob is written once under a key that nobody else uses, and never changed.
#[async_trait]
pub trait Blobs: Send + Sync {
    /// Keeps the stream's bytes. When it returns `Ok` they survive power loss; when it fails, or the caller goes
    /// away half way, nothing is visible under `key`. An error of the stream is passed on.
    async fn put(&self, key: &BlobKey, body: ByteStream) -> Result<Stat, DriverError>;

    /// The bytes, or those in `range` (which must lie inside the blob). `NotFound` if there is no such blob.
    async fn get(&self, key: &BlobKey, range: Option<Range<u64>>) -> Result<ByteStream, DriverError>;

    /// What is known of the blob; `None` if there is none.
    async fn stat(&self, key: &BlobKey) -> Result<Option<Stat>, DriverError>;

    /// The blobs whose keys come after `after` (all, if none), in order, at most `limit`: for the sweep of orphans.
    async fn list(&self, after: Option<&BlobKey>, limit: usize) -> Result<Vec<Stat>, DriverError>;

    /// Removes the blob. Nothing happens if there is none.
    async fn delete(&self, key: &BlobKey) -> Result<(), DriverError>;
}
