//! Blobs: finding, reading and unlinking them.

use std::ops::Range;

use bytes::Bytes;
use futures::{StreamExt, TryStreamExt, stream};
use trainyard_domain::{
    Scope,
    content::{Content, Digest},
    ports::ByteStream,
};
use trainyard_store::{Changes, Expect, Held, WorkItem};

use super::{
    Blob, Error, Images, Manifest,
    watch::{Sweep, TOPIC},
};

impl Images {
    /// The blob, as the repository has it.
    pub async fn blob(&self, scope: &Scope, repository: &str, digest: &Digest) -> Result<Blob, Error> {
        self.repository(scope, repository).await?;
        Ok(self.held_blob(scope, repository, digest).await?.value)
    }

    pub(super) async fn held_blob(
        &self,
        scope: &Scope,
        repository: &str,
        digest: &Digest,
    ) -> Result<Held<Blob>, Error> {
        let held = self.ground.store.get::<Blob>(&scope.to_string(), digest.as_str()).await?;
        held.filter(|held| held.value.repositories.contains(repository))
            .ok_or_else(|| Error::NoBlob { repository: repository.to_owned(), digest: digest.clone() })
    }

    /// The bytes, or those in `range`, one part after the other.
    pub fn read(&self, content: &Content, range: Option<Range<u64>>) -> Result<ByteStream, Error> {
        let range = range.unwrap_or(0..content.size);
        if range.start > range.end || range.end > content.size {
            return Err(Error::BadRange { from: range.start, to: range.end, size: content.size });
        }
        let mut at = 0;
        let mut pieces = Vec::new();
        for part in &content.parts {
            let (from, to) = (range.start.max(at), range.end.min(at + part.size));
            if from < to {
                pieces.push((part.blob.clone(), (from - at)..(to - at), to - from == part.size));
            }
            at += part.size;
        }
        let blobs = self.blobs.clone();
        let parts = stream::iter(pieces).then(move |(key, range, whole)| {
            let blobs = blobs.clone();
            async move {
                let range = if whole { None } else { Some(range) };
                blobs.get(&key, range).await.map_err(std::io::Error::other)
            }
        });
        Ok(Box::pin(parts.try_flatten()))
    }

    /// All bytes of something small, at most `limit` of them.
    pub(super) async fn read_small(&self, content: &Content, limit: u64) -> Result<Bytes, Error> {
        if content.size > limit {
            return Err(Error::TooLarge { what: "an image's config", limit });
        }
        let pieces: Vec<Bytes> = self.read(content, None)?.try_collect().await.map_err(|e| {
            Error::Blobs(trainyard_domain::ports::DriverError::new(
                trainyard_domain::Kind::Unavailable,
                format!("a blob cannot be read: {e}"),
            ))
        })?;
        Ok(pieces.concat().into())
    }

    /// Takes the blob out of the repository, unless a manifest there needs it.
    pub async fn delete_blob(&self, scope: &Scope, repository: &str, digest: &Digest) -> Result<(), Error> {
        let _alone = self.removal.write().await;
        self.repository(scope, repository).await?;
        let held = self.held_blob(scope, repository, digest).await?;
        if let Some(by) = self.needed_by(scope, repository, digest).await? {
            return Err(Error::InUse { digest: digest.clone(), by });
        }
        let mut changes = Changes::new();
        self.unlink(&mut changes, held, repository)?;
        Ok(self.ground.store.commit(changes).await?)
    }

    /// A manifest of the repository that refers to the digest.
    pub(super) async fn needed_by(
        &self,
        scope: &Scope,
        repository: &str,
        digest: &Digest,
    ) -> Result<Option<Digest>, Error> {
        let list = trainyard_store::List::in_scope(scope)
            .equal("reference", &Manifest::key(repository, digest))
            .limit(1);
        let page = self.ground.store.list::<Manifest>(list).await?;
        Ok(page.items.into_iter().next().map(|held| held.value.digest))
    }

    /// Takes the blob out of the repository. When it was the last that had it, the bytes go too, after the commit.
    pub(super) fn unlink(
        &self,
        changes: &mut Changes,
        held: Held<Blob>,
        repository: &str,
    ) -> Result<(), trainyard_store::Error> {
        let Held { version, value: mut blob } = held;
        blob.repositories.remove(repository);
        if blob.repositories.is_empty() {
            let scope = blob.scope.to_string();
            changes.delete::<Blob>(&scope, blob.digest.as_str(), Expect::Version(version));
            let keys = blob.content.parts.into_iter().map(|part| part.blob).collect();
            let body = Sweep::Bytes(keys).to_body()?;
            changes.schedule(WorkItem::now(TOPIC, self.ground.uuid(), body));
        } else {
            changes.put(&blob, Expect::Version(version))?;
        }
        Ok(())
    }
}
