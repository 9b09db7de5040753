//! The sweep: bytes that nothing refers to any more.

use std::collections::BTreeSet;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use trainyard_domain::{
    Scope,
    content::{BlobKey, Digest},
};
use trainyard_store::{Changes, Expect, WorkItem};

use super::{Blob, Error, Images, Upload};
use crate::work::{Outcome, Worker};

/// The topic of the sweep.
pub(super) const TOPIC: &str = "images.sweep";

/// What is to be swept.
#[derive(Debug, Serialize, Deserialize)]
pub enum Sweep {
    /// An upload that has had its time: its chunks, except those that are its blob's, and the blob itself (as its
    /// repository has it) if no manifest refers to it.
    Upload(Scope, String, Option<(String, Digest)>),
    /// Blobs of a repository, unless a manifest there refers to them.
    Unreferenced {
        /// Where.
        scope: Scope,
        /// The repository.
        repository: String,
        /// Which.
        digests: Vec<Digest>,
    },
    /// Bytes whose document is gone.
    Bytes(Vec<BlobKey>),
}

impl Sweep {
    pub(super) fn to_body(&self) -> Result<String, trainyard_store::Error> {
        serde_json::to_string(self)
            .map_err(|e| trainyard_store::Error::Internal(format!("a sweep cannot be written: {e}")))
    }
}

#[async_trait]
impl Worker for Images {
    const TOPIC: &'static str = TOPIC;
    const WIDTH: usize = 2;

    async fn work(&self, item: &WorkItem) -> Result<Outcome, Box<dyn std::error::Error + Send + Sync>> {
        match serde_json::from_str::<Sweep>(&item.body)? {
            Sweep::Bytes(keys) => {
                for key in &keys {
                    self.blobs.delete(key).await?;
                }
                Ok(Outcome::Finished(Changes::new()))
            }
            Sweep::Unreferenced { scope, repository, digests } => {
                self.sweep_unreferenced(&scope, &repository, &digests, item).await?;
                Ok(Outcome::Settled)
            }
            Sweep::Upload(scope, id, became) => {
                let digest = became.as_ref().map(|(_, digest)| digest);
                self.sweep_chunks(&scope, &id, digest).await?;
                let (repository, digests) =
                    became.map(|(repository, digest)| (repository, vec![digest])).unwrap_or_default();
                self.sweep_unreferenced(&scope, &repository, &digests, item).await?;
                Ok(Outcome::Settled)
            }
        }
    }
}

impl Images {
    /// Unlinks what no manifest refers to, and takes the item off in the same commit.
    async fn sweep_unreferenced(
        &self,
        scope: &Scope,
        repository: &str,
        digests: &[Digest],
        item: &WorkItem,
    ) -> Result<(), Error> {
        let _alone = self.removal.write().await;
        let mut changes = Changes::new();
        for digest in digests.iter().collect::<BTreeSet<_>>() {
            let Ok(held) = self.held_blob(scope, repository, digest).await else { continue };
            if self.needed_by(scope, repository, digest).await?.is_none() {
                self.unlink(&mut changes, held, repository)?;
            }
        }
        changes.finish(item);
        Ok(self.ground.store.commit(changes).await?)
    }

    async fn sweep_chunks(&self, scope: &Scope, id: &str, digest: Option<&Digest>) -> Result<(), Error> {
        let scope = scope.to_string();
        let mut changes = Changes::new();
        changes.delete::<Upload>(&scope, id, Expect::Any);
        self.ground.store.commit(changes).await?;
        let blob = match digest {
            Some(digest) => self.ground.store.get::<Blob>(&scope, digest.as_str()).await?,
            None => None,
        };
        let parts = blob.map(|held| held.value.content.parts).unwrap_or_default();
        let prefix = format!("oci/{id}-");
        let mut after = format!("oci/{id}").parse::<BlobKey>().ok();
        loop {
            let found = self.blobs.list(after.as_ref(), 100).await?;
            let ours: Vec<_> =
                found.into_iter().filter(|stat| stat.key.as_str().starts_with(&prefix)).collect();
            let Some(last) = ours.last() else { return Ok(()) };
            after = Some(last.key.clone());
            for stat in &ours {
                if !parts.iter().any(|part| part.blob == stat.key) {
                    self.blobs.delete(&stat.key).await?;
                }
            }
        }
    }
}
