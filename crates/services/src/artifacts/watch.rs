//! Removing bytes that no document names any more.

use std::time::Duration;

use async_trait::async_trait;
use trainyard_domain::{Kind, Timestamp, content::BlobKey, content::Content};
use trainyard_store::{Changes, List, Noun, WorkItem};

use super::{Artifacts, Error, Object, UploadPart, nouns::BLOB, stage::PREFIX};
use crate::work::{Outcome, Worker};

/// The topic of blobs that may have become needless.
const TOPIC: &str = "artifact-blobs";
/// How long bytes stay after their object has gone: who reads them, or copies it, can end.
const GRACE: Duration = Duration::from_secs(5 * 60);
/// How far the disk's clock may be off from ours, in milliseconds.
const MARGIN: i64 = 60_000;
/// How many blobs are looked at at a time by the sweep.
const SWEPT: usize = 1000;

/// Has the blobs looked at after a while.
pub(super) fn removal(changes: &mut Changes, content: &Content, now: Timestamp) {
    for part in &content.parts {
        changes.schedule(WorkItem::at(TOPIC, part.blob.as_str(), now.plus(GRACE), ""));
    }
}

/// Removes the blobs that no document names any more.
pub struct Removal(pub Artifacts);

#[async_trait]
impl Worker for Removal {
    const TOPIC: &'static str = TOPIC;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn std::error::Error + Send + Sync>> {
        let blob: BlobKey = item.id.parse()?;
        if !self.0.is_named(&blob).await? {
            self.0.blobs.delete(&blob).await?;
        }
        Ok(Outcome::Finished(Changes::new()))
    }
}

impl Artifacts {
    /// Removes the blobs that no document ever named: bytes of requests that a crash cut off. Those put since the room
    /// was opened are left alone, since they may be on their way to become an object. Says how many were removed.
    pub async fn sweep(&self) -> Result<usize, Error> {
        self.sweep_before(Timestamp(self.opened.millis() - MARGIN)).await
    }

    pub(super) async fn sweep_before(&self, started: Timestamp) -> Result<usize, Error> {
        let mut removed = 0;
        let mut after = first_key()?;
        loop {
            let page = self.blobs.list(Some(&after), SWEPT).await?;
            let ours = page.iter().take_while(|stat| stat.key.as_str().starts_with(PREFIX));
            let mut last = None;
            for stat in ours {
                last = Some(stat.key.clone());
                if stat.modified < started && !self.is_named(&stat.key).await? {
                    self.blobs.delete(&stat.key).await?;
                    removed += 1;
                }
            }
            match last {
                Some(key) if page.len() == SWEPT => after = key,
                _ => return Ok(removed),
            }
        }
    }

    async fn is_named(&self, blob: &BlobKey) -> Result<bool, Error> {
        Ok(self.names::<Object>(blob).await? || self.names::<UploadPart>(blob).await?)
    }

    async fn names<T: Noun>(&self, blob: &BlobKey) -> Result<bool, Error> {
        // Also by one that cannot be read now: it may be mended.
        Ok(self.ground.store.has_any::<T>(List::everywhere().equal(BLOB, blob.as_str())).await?)
    }
}

/// The key that comes before all of ours.
fn first_key() -> Result<BlobKey, Error> {
    let key = PREFIX.trim_end_matches('/').to_owned();
    key.try_into().map_err(|error| {
        Error::Bytes(trainyard_domain::ports::DriverError::new(Kind::Internal, format!("{error}")))
    })
}
