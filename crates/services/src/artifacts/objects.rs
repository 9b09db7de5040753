//! Objects: put, looked at, read, copied, deleted.

use std::ops::Range;

use futures::{StreamExt, TryStreamExt, stream};
use trainyard_domain::{
    AccountId, Principal,
    content::{Content, Part},
    hex,
    ports::ByteStream,
};
use trainyard_store::{Changes, Expect, Held};

use super::{
    Artifacts, Checksum, Error, Headers, Object, Place, Staged,
    told::{self, Reason},
    watch::removal,
};

/// How often a change is tried again when others change the same object.
const TRIES: usize = 16;

/// What a new object is made of.
#[derive(Clone, Debug)]
pub struct New {
    /// Its bytes.
    pub staged: Staged,
    /// What the client says of it.
    pub headers: Headers,
    /// The checksum that came with it and was found right.
    pub checksum: Option<Checksum>,
}

/// What must be so for a put.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Condition {
    /// Anything.
    #[default]
    Always,
    /// There is no object there.
    Absent,
    /// The object there has this ETag (without quotes).
    Matches(String),
}

impl Artifacts {
    /// The object, if there is one.
    pub async fn stat(&self, account: &AccountId, place: &Place) -> Result<Object, Error> {
        self.bucket(account, &place.bucket).await?;
        self.held(place).await?.map(|held| held.value).ok_or(Error::NoKey)
    }

    /// The object's bytes, or those in `range`, which must lie inside.
    pub async fn read(&self, object: &Object, range: Option<Range<u64>>) -> Result<ByteStream, Error> {
        let wanted = range.unwrap_or(0..object.content.size);
        let mut pieces = pieces(&object.content, &wanted).into_iter();
        // The first piece is opened now, so that what is not there is an error and not a stream that breaks off.
        let Some((part, inside)) = pieces.next() else { return Ok(Box::pin(stream::empty())) };
        let first = self.blobs.get(&part.blob, Some(inside)).await?;
        let blobs = self.blobs.clone();
        let rest = stream::iter(pieces).then(move |(part, inside)| {
            let blobs = blobs.clone();
            async move { blobs.get(&part.blob, Some(inside)).await.map_err(std::io::Error::other) }
        });
        Ok(Box::pin(first.chain(rest.try_flatten())))
    }

    /// Makes the staged bytes an object, in place of what is there, if the condition holds. When it returns, the
    /// object survives power loss. When it fails, the bytes are removed.
    pub async fn put(
        &self,
        by: &Principal,
        place: &Place,
        new: New,
        condition: &Condition,
    ) -> Result<Object, Error> {
        let staged = new.staged.clone();
        let object = Object {
            bucket: place.bucket.clone(),
            key: place.key.clone(),
            etag: hex(&staged.md5),
            digest: staged.digest.to_string(),
            content: new.staged.content,
            modified: self.ground.now(),
            headers: new.headers,
            checksum: new.checksum,
            pieces: Vec::new(),
            upload: None,
            by: by.arn.clone(),
            lineage: by.lineage.clone(),
        };
        let bucket_stays = self.standing.read().await;
        let put = self.put_object(by, object, (condition, Reason::Put), &Changes::new()).await;
        drop(bucket_stays);
        if put.is_err() {
            self.discard(staged).await;
        }
        put
    }

    /// Commits an object with what else must become true. Who calls sees to it that the bucket stays.
    pub(super) async fn put_object(
        &self,
        by: &Principal,
        object: Object,
        (condition, reason): (&Condition, Reason),
        also: &Changes,
    ) -> Result<Object, Error> {
        let place = Place::new(&object.bucket, &object.key);
        place.check()?;
        let bucket = self.bucket(&by.account, &place.bucket).await?;
        for _ in 0..TRIES {
            let there = self.held(&place).await?;
            holds(condition, there.as_ref())?;
            let expect = there.as_ref().map_or(Expect::Absent, |held| Expect::Version(held.version));
            let mut changes = also.clone();
            changes.put(&object, expect)?;
            if bucket.tells {
                let before = there.as_ref().map_or(0, |held| held.version);
                told::created(&mut changes, &self.ground, &bucket, (&object, before, reason))?;
            }
            if let Some(held) = there {
                removal(&mut changes, &held.value.content, self.ground.now());
            }
            match self.ground.store.commit(changes).await {
                Err(trainyard_store::Error::Conflict(_)) => {}
                other => return Ok(other.map(|()| object)?),
            }
        }
        Err(Error::Conflict)
    }

    /// Puts a copy. The bytes are shared, not copied. `headers`: the copy's own, or none for the source's.
    pub async fn copy(
        &self,
        by: &Principal,
        source: &Object,
        place: &Place,
        headers: Option<Headers>,
    ) -> Result<Object, Error> {
        let copy = Object {
            bucket: place.bucket.clone(),
            key: place.key.clone(),
            headers: headers.unwrap_or_else(|| source.headers.clone()),
            modified: self.ground.now(),
            upload: None,
            by: by.arn.clone(),
            // Whoever copies does not make: the chain that the bytes came out of stays.
            lineage: source.lineage.clone(),
            ..source.clone()
        };
        let _bucket_stays = self.standing.read().await;
        self.put_object(by, copy, (&Condition::Always, Reason::Copy), &Changes::new()).await
    }

    /// Removes the object. Nothing happens if there is none.
    pub async fn delete(&self, account: &AccountId, place: &Place) -> Result<(), Error> {
        let bucket = self.bucket(account, &place.bucket).await?;
        for _ in 0..TRIES {
            let Some(held) = self.held(place).await? else { return Ok(()) };
            let mut changes = Changes::new();
            changes.delete::<Object>(&place.bucket, &place.key, Expect::Version(held.version));
            if bucket.tells {
                told::deleted(&mut changes, &self.ground, &bucket, (place, held.version))?;
            }
            removal(&mut changes, &held.value.content, self.ground.now());
            match self.ground.store.commit(changes).await {
                Err(trainyard_store::Error::Conflict(_)) => {}
                other => return Ok(other?),
            }
        }
        Err(Error::Conflict)
    }

    /// In one go: puts these bytes as an object.
    pub async fn store(
        &self,
        by: &Principal,
        place: &Place,
        body: ByteStream,
        content_type: &str,
    ) -> Result<Object, Error> {
        let staged = self.stage(body).await?;
        let headers = Headers { content_type: Some(content_type.to_owned()), ..Headers::default() };
        self.put(by, place, New { staged, headers, checksum: None }, &Condition::Always).await
    }

    /// In one go: the object and its bytes.
    pub async fn fetch(&self, account: &AccountId, place: &Place) -> Result<(Object, ByteStream), Error> {
        let object = self.stat(account, place).await?;
        let bytes = self.read(&object, None).await?;
        Ok((object, bytes))
    }

    pub(super) async fn held(&self, place: &Place) -> Result<Option<Held<Object>>, Error> {
        Ok(self.ground.store.get(&place.bucket, &place.key).await?)
    }
}

fn holds(condition: &Condition, there: Option<&Held<Object>>) -> Result<(), Error> {
    match (condition, there) {
        (Condition::Always, _) | (Condition::Absent, None) => Ok(()),
        (Condition::Absent, Some(_)) => Err(Error::PreconditionFailed),
        (Condition::Matches(_), None) => Err(Error::NoKey),
        (Condition::Matches(etag), Some(held)) if held.value.etag == *etag => Ok(()),
        (Condition::Matches(_), Some(_)) => Err(Error::PreconditionFailed),
    }
}

/// The parts that hold the range, each with what is wanted of it.
pub(super) fn pieces(content: &Content, range: &Range<u64>) -> Vec<(Part, Range<u64>)> {
    let mut start = 0;
    let mut found = Vec::new();
    for part in &content.parts {
        let (from, to) = (range.start.max(start), range.end.min(start + part.size));
        if from < to {
            found.push((part.clone(), from - start..to - start));
        }
        start += part.size;
    }
    found
}
