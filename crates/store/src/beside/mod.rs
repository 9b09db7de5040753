//! Long texts that lie beside the store: in blobs, by their digests, with no more than a place in the rows that have
//! them.
//!
//! They are on the disk before the commit whose rows name them: a crash between the two leaves a blob that nothing
//! names, and [`crate::Store::sweep`] removes it. Rows that may have such texts are records of histories, documents of
//! nouns that say so ([`Noun::SPILLS`]) and work that says so ([`crate::WorkItem::spilling`]).

mod text;

use std::{collections::BTreeSet, fmt, sync::Arc};

use bytes::Bytes;
use futures::{TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use tokio::sync::{RwLock, RwLockReadGuard};
use trainyard_domain::{
    Kind,
    content::{BlobKey, Digest},
    ports::{Blobs, DriverError},
};

pub(crate) use self::text::{LARGE, is_torn};
use self::text::{Place, Texts};
use crate::{Changes, Error, Expect, Keys, Noun};

/// The index key of what names a text, with the text's digest.
pub(crate) const BESIDE: &str = "beside";
/// What the keys of the blobs begin with.
const PREFIX: &str = "texts/";

/// The blobs, and who has them in hand.
pub(crate) struct Beside {
    blobs: Arc<dyn Blobs>,
    /// Who names a text holds it for reading until that is committed, who removes one for writing: what is about to be
    /// named is not taken for needless.
    standing: RwLock<()>,
}

/// Why a text cannot be had.
pub(crate) enum Lost {
    /// It is not what was written, or not there.
    Damaged(String),
    /// The disk refuses now.
    Unavailable(String),
}

/// What names a text for ever: histories do, and have no index keys of their own.
#[derive(Serialize, Deserialize)]
struct Named {
    digest: Digest,
}

impl Noun for Named {
    const KIND: &'static str = "text-of-histories";

    fn scope(&self) -> String {
        String::new()
    }

    fn id(&self) -> String {
        self.digest.hex().to_owned()
    }

    fn keys(&self, keys: &mut Keys) {
        keys.add(BESIDE, self.digest.hex());
    }
}

impl fmt::Debug for Beside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Beside").finish_non_exhaustive()
    }
}

impl Beside {
    pub(crate) fn new(blobs: Arc<dyn Blobs>) -> Self {
        Self { blobs, standing: RwLock::default() }
    }

    /// Takes the long texts out of the changes: they survive power loss when this returns. Whoever commits the changes
    /// holds what it gives until then.
    pub(crate) async fn hold(&self, changes: &mut Changes) -> Result<RwLockReadGuard<'_, ()>, Error> {
        let standing = self.standing.read().await;
        let mut whole = std::mem::take(changes);
        // Megabytes are looked through where that keeps nobody waiting.
        let taking = tokio::task::spawn_blocking(move || take_out(&mut whole).map(|texts| (whole, texts)));
        let taken = taking.await.map_err(|e| Error::Internal(format!("texts were not taken out: {e}")))?;
        let (torn, texts) = taken?;
        *changes = torn;
        let puts = texts.into_iter().map(|(digest, text)| self.put(digest, text));
        futures::future::try_join_all(puts).await?;
        Ok(standing)
    }

    /// Keeps the text. One that is there already, and whole, is not written again.
    async fn put(&self, digest: Digest, text: String) -> Result<(), Error> {
        let refused = |error: DriverError| Error::Unavailable(error.to_string());
        let key = key(&digest)?;
        let there = self.blobs.stat(&key).await.map_err(refused)?;
        if there.is_some() && self.get(&digest, text.len()).await.is_ok_and(|there| there == text) {
            return Ok(());
        }
        let body = stream::iter([Ok(Bytes::from(text))]);
        self.blobs.put(&key, Box::pin(body)).await.map(drop).map_err(refused)
    }

    /// The row with all its texts.
    pub(crate) async fn whole(&self, row: &str) -> Result<String, Lost> {
        let torn = text::read(row).map_err(Lost::Damaged)?;
        let mut texts = Texts::new();
        for Place { digest, size, .. } in &torn.places {
            if !texts.contains_key(digest) {
                texts.insert(digest.clone(), self.get(digest, *size).await?);
            }
        }
        let putting = tokio::task::spawn_blocking(move || torn.put_back(&texts)).await;
        putting.map_err(|e| Lost::Unavailable(e.to_string()))?.map_err(Lost::Damaged)
    }

    async fn get(&self, digest: &Digest, size: usize) -> Result<String, Lost> {
        let damaged = |why: &dyn fmt::Display| Lost::Damaged(format!("its text {digest} is damaged: {why}"));
        let key = key(digest).map_err(|error| damaged(&error))?;
        let bytes = self.blobs.get(&key, None).await.map_err(|error| match error.kind {
            Kind::NotFound | Kind::Internal | Kind::Invalid => damaged(&error),
            _ => Lost::Unavailable(error.to_string()),
        })?;
        let read = bytes.try_fold(Vec::new(), async |mut all, piece: Bytes| {
            all.extend_from_slice(&piece);
            Ok(all)
        });
        let bytes = read.await.map_err(|error| match error.kind() {
            std::io::ErrorKind::InvalidData => damaged(&error),
            _ => Lost::Unavailable(error.to_string()),
        })?;
        if bytes.len() != size || Digest::of(&bytes) != *digest {
            return Err(damaged(&"it is another one"));
        }
        String::from_utf8(bytes).map_err(|error| damaged(&error))
    }

    /// A page of the texts that there are, after that one.
    pub(crate) async fn list(&self, after: Option<BlobKey>, most: usize) -> Result<Vec<BlobKey>, Error> {
        let refused = |error: DriverError| Error::Unavailable(error.to_string());
        let first = || PREFIX.trim_end_matches('/').parse::<BlobKey>();
        let after = after.map_or_else(first, Ok).map_err(|e| Error::Internal(e.to_string()))?;
        let page = self.blobs.list(Some(&after), most).await.map_err(refused)?;
        let keys = page.into_iter().map(|stat| stat.key);
        Ok(keys.take_while(|key| key.as_str().starts_with(PREFIX)).collect())
    }

    /// Nothing is named as long as this is held.
    pub(crate) async fn alone(&self) -> tokio::sync::RwLockWriteGuard<'_, ()> {
        self.standing.write().await
    }

    pub(crate) async fn remove(&self, key: &BlobKey) -> Result<(), Error> {
        self.blobs.delete(key).await.map_err(|error| Error::Unavailable(error.to_string()))
    }
}

/// The row without its long texts: empty ones are in their places.
pub(crate) fn without(row: &str) -> Result<String, String> {
    text::read(row).map(|torn| torn.rest)
}

/// What the key names: the value that documents which name the text are found by.
pub(crate) fn name(key: &BlobKey) -> &str {
    key.as_str().trim_start_matches(PREFIX)
}

fn key(digest: &Digest) -> Result<BlobKey, Error> {
    format!("{PREFIX}{}", digest.hex()).parse().map_err(|e| Error::Internal(format!("a bad key: {e}")))
}

/// Takes the long texts out of all that may have them, and has the rows name them.
fn take_out(changes: &mut Changes) -> Result<Texts, Error> {
    let broken = |e: serde_json::Error| Error::Internal(format!("a row that was written is no JSON: {e}"));
    let (mut texts, mut named) = (Texts::new(), BTreeSet::new());
    for body in changes.spilling_bodies() {
        let digests = text::take_out(&mut body.json, &mut texts).map_err(broken)?;
        let digests: BTreeSet<Digest> = digests.into_iter().collect();
        body.keys.extend(digests.into_iter().map(|digest| (BESIDE, digest.hex().to_owned())));
    }
    for row in changes.spilling_rows() {
        named.extend(text::take_out(row, &mut texts).map_err(broken)?);
    }
    for digest in named {
        changes.put(&Named { digest }, Expect::Any)?;
    }
    Ok(texts)
}
