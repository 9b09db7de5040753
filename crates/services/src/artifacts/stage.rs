//! Bytes on their way to become an object.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use bytes::Bytes;
use futures::Stream;
use md5::Md5;
use sha2::{Digest as _, Sha256};
use trainyard_domain::{
    content::{BlobKey, Content, Digest, Part},
    ports::ByteStream,
};

use super::{Artifacts, Error};

/// Bytes that are on the disk and belong to no object yet. If nothing is made of them they are swept at the next
/// start, or at once by [`Artifacts::discard`].
#[derive(Clone, Debug)]
pub struct Staged {
    /// The bytes.
    pub content: Content,
    /// Their MD5.
    pub md5: [u8; 16],
    /// Their SHA-256.
    pub digest: Digest,
}

impl Artifacts {
    /// Puts the bytes on the disk. When it returns they survive power loss, but nobody sees them yet.
    pub async fn stage(&self, body: ByteStream) -> Result<Staged, Error> {
        let id = self.ground.uuid();
        let blob: BlobKey = format!("{PREFIX}{}/{id}", &id[..2])
            .try_into()
            .map_err(|error| Error::Invalid(format!("the server made a bad key: {error}")))?;
        let hashers = Arc::new(Mutex::new(Hashers::default()));
        let hashed = Hashed { body, hashers: hashers.clone() };
        let stat = self.blobs.put(&blob, Box::pin(hashed)).await?;
        let hashers = std::mem::take(&mut *hashers.lock().unwrap_or_else(PoisonError::into_inner));
        let parts = match stat.size {
            // No bytes, no blob: nothing to refer to.
            0 => {
                self.blobs.delete(&blob).await?;
                Vec::new()
            }
            size => vec![Part { blob, size }],
        };
        Ok(Staged {
            content: Content { size: stat.size, parts },
            md5: hashers.md5.finalize().into(),
            digest: Digest::from_sha256(&hashers.sha256.finalize()),
        })
    }

    /// Removes bytes that will not become an object.
    pub async fn discard(&self, staged: Staged) {
        for part in &staged.content.parts {
            if let Err(error) = self.blobs.delete(&part.blob).await {
                tracing::warn!(%error, "bytes that nobody needs are left until the next start");
            }
        }
    }
}

/// What the keys of this room's blobs begin with.
pub(super) const PREFIX: &str = "s3/";

#[derive(Default)]
struct Hashers {
    md5: Md5,
    sha256: Sha256,
}

/// Looks at the bytes as they pass.
struct Hashed {
    body: ByteStream,
    hashers: Arc<Mutex<Hashers>>,
}

impl Stream for Hashed {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = self.body.as_mut().poll_next(context);
        if let Poll::Ready(Some(Ok(bytes))) = &next {
            let mut hashers = self.hashers.lock().unwrap_or_else(PoisonError::into_inner);
            hashers.md5.update(bytes);
            hashers.sha256.update(bytes);
        }
        next
    }
}
