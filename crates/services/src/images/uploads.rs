//! Uploads: how blobs come in. Each chunk is one part of the blob; nothing is written twice.

use std::time::Duration;

use trainyard_domain::{
    Scope,
    content::{BlobKey, Content, Digest, Part},
    ports::ByteStream,
};
use trainyard_store::{Changes, Expect, Held, WorkItem};

use super::{
    Blob, Error, Images, Upload,
    tally::{Shared, Tally},
    watch::{Sweep, TOPIC},
};

/// AWS's limit for a layer: 52,000 MiB.
/// <https://docs.aws.amazon.com/AmazonECR/latest/userguide/service-quotas.html>
const MAX_BLOB: u64 = 52_000 << 20;

/// How long an upload may rest, and how long a blob may wait for its manifest.
const PATIENCE: Duration = Duration::from_secs(24 * 60 * 60);

impl Images {
    /// Begins an upload.
    pub async fn start_upload(&self, scope: &Scope, repository: &str) -> Result<Upload, Error> {
        self.repository(scope, repository).await?;
        let upload = Upload {
            scope: scope.clone(),
            id: self.ground.uuid(),
            repository: repository.to_owned(),
            content: Content::default(),
            hash: Tally::default().state(),
        };
        let mut changes = Changes::new();
        changes.put(&upload, Expect::Absent)?;
        self.sweep_later(&mut changes, &upload, None)?;
        self.ground.store.commit(changes).await?;
        Ok(upload)
    }

    /// The upload as it stands.
    pub async fn upload(&self, scope: &Scope, repository: &str, id: &str) -> Result<Upload, Error> {
        Ok(self.held_upload(scope, repository, id).await?.value)
    }

    /// Adds a chunk. Where `at` is given, it must be the first byte that has not come yet.
    pub async fn append(
        &self,
        (scope, repository, id): (&Scope, &str, &str),
        at: Option<u64>,
        body: ByteStream,
    ) -> Result<Upload, Error> {
        let held = self.held_upload(scope, repository, id).await?;
        let taken = self.take_in(held.value, at, body).await?;
        let mut changes = Changes::new();
        changes.put(&taken.upload, Expect::Version(held.version))?;
        self.sweep_later(&mut changes, &taken.upload, None)?;
        match self.ground.store.commit(changes).await {
            Ok(()) => Ok(taken.upload),
            Err(trainyard_store::Error::Conflict(_)) => {
                // Two chunks at once: the other one was faster, and this one is out of order now.
                self.discard(taken.chunk.as_slice()).await;
                let expected = self.held_upload(scope, repository, id).await?.value.content.size;
                Err(Error::OutOfOrder { id: id.to_owned(), expected, got: at.unwrap_or_default() })
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Adds the last chunk, if there is one, and makes a blob of all of them. If they are not the bytes that
    /// `digest` names, the upload is over and nothing of it is kept.
    pub async fn finish_upload(
        &self,
        (scope, repository, id): (&Scope, &str, &str),
        digest: &Digest,
        last: Option<(Option<u64>, ByteStream)>,
    ) -> Result<(), Error> {
        let held = self.held_upload(scope, repository, id).await?;
        let Taken { upload, tally, .. } = match last {
            Some((at, body)) => self.take_in(held.value, at, body).await?,
            None => Taken { tally: self.tally(&held.value)?, upload: held.value, chunk: None },
        };
        let actual = tally.digest();
        if actual != *digest {
            self.drop_upload(&upload).await?;
            return Err(Error::OtherBytes { expected: digest.clone(), actual });
        }
        self.keep(&upload, held.version, digest).await
    }

    /// Ends the upload and forgets its bytes.
    pub async fn cancel_upload(&self, scope: &Scope, repository: &str, id: &str) -> Result<(), Error> {
        let upload = self.held_upload(scope, repository, id).await?.value;
        self.drop_upload(&upload).await
    }

    /// Lets `repository` have a blob that `from` has. False if `from` does not have it: then it must be uploaded.
    pub async fn mount(
        &self,
        scope: &Scope,
        repository: &str,
        digest: &Digest,
        from: &str,
    ) -> Result<bool, Error> {
        let _stays = self.removal.read().await;
        self.repository(scope, repository).await?;
        loop {
            let Ok(held) = self.held_blob(scope, from, digest).await else { return Ok(false) };
            let Held { version, value: mut blob } = held;
            if !blob.repositories.insert(repository.to_owned()) {
                return Ok(true);
            }
            let mut changes = Changes::new();
            changes.put(&blob, Expect::Version(version))?;
            let sweep = Sweep::Unreferenced {
                scope: scope.clone(),
                repository: repository.to_owned(),
                digests: vec![digest.clone()],
            };
            let due = self.ground.now().plus(PATIENCE);
            changes.schedule(WorkItem::at(TOPIC, self.ground.uuid(), due, sweep.to_body()?));
            match self.ground.store.commit(changes).await {
                Err(trainyard_store::Error::Conflict(_)) => {}
                other => return Ok(other.map(|()| true)?),
            }
        }
    }

    async fn held_upload(&self, scope: &Scope, repository: &str, id: &str) -> Result<Held<Upload>, Error> {
        self.repository(scope, repository).await?;
        let held = self.ground.store.get::<Upload>(&scope.to_string(), id).await?;
        held.filter(|held| held.value.repository == repository)
            .ok_or_else(|| Error::NoUpload { repository: repository.to_owned(), id: id.to_owned() })
    }

    fn tally(&self, upload: &Upload) -> Result<Tally, Error> {
        Tally::resume(&upload.hash, upload.content.size)
            .ok_or_else(|| Error::NoUpload { repository: upload.repository.clone(), id: upload.id.clone() })
    }

    /// Writes the chunk beside the others and counts it in. Nothing is committed.
    async fn take_in(&self, upload: Upload, at: Option<u64>, body: ByteStream) -> Result<Taken, Error> {
        let mut upload = upload;
        let expected = upload.content.size;
        if let Some(got) = at.filter(|at| *at != expected) {
            return Err(Error::OutOfOrder { id: upload.id, expected, got });
        }
        let shared = Shared::new(self.tally(&upload)?);
        let blob = chunk_key(&upload.id, &self.ground.uuid())?;
        let put = self.blobs.put(&blob, shared.count(body, MAX_BLOB)).await;
        let tally = shared.now();
        if tally.size > MAX_BLOB {
            return Err(Error::TooLarge { what: "a blob", limit: MAX_BLOB });
        }
        put?;
        let chunk = Part { blob, size: tally.size - expected };
        if chunk.size == 0 {
            self.discard(&[chunk]).await;
            return Ok(Taken { upload, tally, chunk: None });
        }
        upload.content.parts.push(chunk.clone());
        upload.content.size = tally.size;
        upload.hash = tally.state();
        Ok(Taken { upload, tally, chunk: Some(chunk) })
    }

    /// Makes the upload a blob of its repository. If the same bytes are here already, its own are given up.
    async fn keep(&self, upload: &Upload, version: u64, digest: &Digest) -> Result<(), Error> {
        let scope = upload.scope.to_string();
        let _stays = self.removal.read().await;
        self.repository(&upload.scope, &upload.repository).await?;
        loop {
            let mut changes = Changes::new();
            let known = self.ground.store.get::<Blob>(&scope, digest.as_str()).await?;
            let spare = known.is_some();
            match known {
                None => {
                    let blob = Blob {
                        scope: upload.scope.clone(),
                        digest: digest.clone(),
                        content: upload.content.clone(),
                        repositories: [upload.repository.clone()].into(),
                    };
                    changes.put(&blob, Expect::Absent)?;
                }
                Some(Held { version, value: mut blob }) => {
                    if blob.repositories.insert(upload.repository.clone()) {
                        changes.put(&blob, Expect::Version(version))?;
                    }
                }
            }
            changes.delete::<Upload>(&scope, &upload.id, Expect::Version(version));
            self.sweep_later(&mut changes, upload, Some(digest))?;
            match self.ground.store.commit(changes).await {
                Ok(()) if spare => {
                    return {
                        self.discard(&upload.content.parts).await;
                        Ok(())
                    };
                }
                Ok(()) => return Ok(()),
                Err(trainyard_store::Error::Conflict(_)) => self.unchanged(upload, version).await?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// Refuses to go on with an upload that somebody else has added to or ended meanwhile.
    async fn unchanged(&self, upload: &Upload, version: u64) -> Result<(), Error> {
        let held = self.held_upload(&upload.scope, &upload.repository, &upload.id).await?;
        if held.version == version {
            return Ok(());
        }
        Err(Error::NoUpload { repository: upload.repository.clone(), id: upload.id.clone() })
    }

    async fn drop_upload(&self, upload: &Upload) -> Result<(), Error> {
        let mut changes = Changes::new();
        changes.delete::<Upload>(&upload.scope.to_string(), &upload.id, Expect::Any);
        self.ground.store.commit(changes).await?;
        self.discard(&upload.content.parts).await;
        Ok(())
    }

    /// Looks after the upload's chunks in a day: those that belong to nothing then are deleted, and so is the blob
    /// if no manifest has come for it.
    fn sweep_later(
        &self,
        changes: &mut Changes,
        upload: &Upload,
        digest: Option<&Digest>,
    ) -> Result<(), trainyard_store::Error> {
        let due = self.ground.now().plus(PATIENCE);
        let became = digest.map(|digest| (upload.repository.clone(), digest.clone()));
        let body = Sweep::Upload(upload.scope.clone(), upload.id.clone(), became).to_body()?;
        changes.schedule(WorkItem::at(TOPIC, upload.id.clone(), due, body));
        Ok(())
    }

    /// Deletes chunks that nothing refers to, as far as that works now; the sweep gets the rest.
    async fn discard(&self, parts: &[Part]) {
        for part in parts {
            if let Err(error) = self.blobs.delete(&part.blob).await {
                tracing::debug!(key = %part.blob, %error, "a spare chunk is left for the sweep");
            }
        }
    }
}

/// An upload with one more chunk that is written and not yet committed.
struct Taken {
    upload: Upload,
    tally: Tally,
    chunk: Option<Part>,
}

fn chunk_key(upload: &str, chunk: &str) -> Result<BlobKey, Error> {
    format!("oci/{upload}-{chunk}")
        .parse()
        .map_err(|_| Error::NoUpload { repository: String::new(), id: upload.to_owned() })
}
