//! Multipart uploads: parts that become an object without being copied.

use md5::{Digest as _, Md5};
use sha2::Sha256;
use trainyard_domain::{
    AccountId, Principal,
    content::{Content, Digest},
    hex,
};
use trainyard_store::{Changes, Expect, Held, List, Page, Range};

use super::{
    Artifacts, Checksum, Condition, Error, Headers, ListQuery, Object, Piece, Place, Staged, Upload,
    UploadPart, nouns::part_id, told::Reason, watch::removal,
};

/// The least size of a part that is not the last.
const LEAST: u64 = 5 * 1024 * 1024;
/// The highest number of a part.
const PARTS: u32 = 10_000;

/// A part that a client names to complete an upload with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chosen {
    /// Its number.
    pub number: u32,
    /// Its ETag (without quotes).
    pub etag: String,
    /// Its checksum in Base64, if the client names one.
    pub checksum: Option<String>,
}

/// How an upload is completed.
#[derive(Clone, Debug, Default)]
pub struct Completion {
    /// What must be so.
    pub condition: Condition,
    /// The whole object's checksum, computed from the parts' by who calls.
    pub checksum: Option<Checksum>,
}

/// What the chosen parts are.
#[derive(Clone, Debug)]
pub struct Composed {
    /// The upload.
    pub upload: Upload,
    /// The parts, in order.
    pub parts: Vec<UploadPart>,
}

impl Artifacts {
    /// Begins an upload.
    pub async fn begin_upload(
        &self,
        by: &Principal,
        place: &Place,
        headers: Headers,
        checksum: (Option<String>, bool),
    ) -> Result<Upload, Error> {
        let _bucket_stays = self.standing.read().await;
        place.check()?;
        self.bucket(&by.account, &place.bucket).await?;
        let upload = Upload {
            id: self.ground.uuid().replace('-', ""),
            bucket: place.bucket.clone(),
            key: place.key.clone(),
            headers,
            algorithm: checksum.0,
            composite: checksum.1,
            created: self.ground.now(),
        };
        let mut changes = Changes::new();
        changes.put(&upload, Expect::Absent)?;
        self.ground.store.commit(changes).await?;
        Ok(upload)
    }

    /// The upload, if it goes on.
    pub async fn upload(&self, account: &AccountId, place: &Place, id: &str) -> Result<Upload, Error> {
        self.held_upload(account, place, id).await.map(|held| held.value)
    }

    async fn held_upload(&self, account: &AccountId, place: &Place, id: &str) -> Result<Held<Upload>, Error> {
        self.bucket(account, &place.bucket).await?;
        let held = self.ground.store.get::<Upload>(&place.bucket, id).await?;
        held.filter(|held| held.value.key == place.key).ok_or(Error::NoUpload)
    }

    /// The bucket's uploads whose keys begin with the query's prefix, ordered by key. No folders here.
    pub async fn uploads(
        &self,
        account: &AccountId,
        bucket: &str,
        query: ListQuery,
    ) -> Result<Page<Upload>, Error> {
        self.bucket(account, bucket).await?;
        let range = Range { after: query.after, ..Range::prefix(&query.prefix) };
        let list = List::in_scope(bucket).by("key").within(range).limit(query.limit).after(query.cursor);
        Ok(self.ground.store.list(list).await?)
    }

    /// Makes staged bytes a part, in place of the one with that number. When it fails, the bytes are removed.
    pub async fn put_part(
        &self,
        upload: &Upload,
        number: u32,
        staged: Staged,
        checksum: Option<Checksum>,
    ) -> Result<UploadPart, Error> {
        let part = UploadPart {
            etag: hex(&staged.md5),
            digest: staged.digest.to_string(),
            checksum,
            ..self.part(upload, number, staged.content.clone())
        };
        let put = self.commit_part(upload, part).await;
        if put.is_err() {
            self.discard(staged).await;
        }
        put
    }

    /// Makes a piece of an object a part. If it is all of the object the bytes are shared, else copied.
    pub async fn copy_part(
        &self,
        upload: &Upload,
        number: u32,
        source: &Object,
        range: Option<std::ops::Range<u64>>,
    ) -> Result<UploadPart, Error> {
        let whole = range.as_ref().is_none_or(|range| *range == (0..source.content.size));
        if whole && source.pieces.is_empty() {
            let (etag, digest) = (source.etag.clone(), source.digest.clone());
            let part = UploadPart { etag, digest, ..self.part(upload, number, source.content.clone()) };
            return self.commit_part(upload, part).await;
        }
        let staged = self.stage(self.read(source, range).await?).await?;
        self.put_part(upload, number, staged, None).await
    }

    fn part(&self, upload: &Upload, number: u32, content: Content) -> UploadPart {
        UploadPart {
            upload: upload.id.clone(),
            bucket: upload.bucket.clone(),
            number,
            content,
            etag: String::new(),
            digest: String::new(),
            checksum: None,
            modified: self.ground.now(),
        }
    }

    async fn commit_part(&self, upload: &Upload, part: UploadPart) -> Result<UploadPart, Error> {
        if !(1..=PARTS).contains(&part.number) {
            return Err(Error::Invalid(format!(
                "Part number must be an integer between 1 and {PARTS}, inclusive"
            )));
        }
        let _upload_goes_on = self.standing.read().await;
        let store = &self.ground.store;
        loop {
            store.get::<Upload>(&upload.bucket, &upload.id).await?.ok_or(Error::NoUpload)?;
            let there = store.get::<UploadPart>(&part.bucket, &part_id(&part.upload, part.number)).await?;
            let mut changes = Changes::new();
            changes.put(&part, there.as_ref().map_or(Expect::Absent, |old| Expect::Version(old.version)))?;
            if let Some(old) = there {
                removal(&mut changes, &old.value.content, self.ground.now());
            }
            match store.commit(changes).await {
                Err(trainyard_store::Error::Conflict(_)) => {}
                other => return Ok(other.map(|()| part)?),
            }
        }
    }

    /// The upload's parts with numbers above `after`, at most `limit`.
    pub async fn parts(&self, upload: &Upload, after: u32, limit: usize) -> Result<Vec<UploadPart>, Error> {
        let range =
            Range { after: Some(part_id(&upload.id, after)), ..Range::prefix(&format!("{}/", upload.id)) };
        let list = List::in_scope(&upload.bucket).within(range).limit(limit);
        let page = self.ground.store.list(list).await?;
        Ok(page.items.into_iter().map(|held| held.value).collect())
    }

    /// The parts that a client has chosen, checked: they are there, in order, and large enough.
    pub async fn choose(&self, upload: Upload, chosen: &[Chosen]) -> Result<Composed, Error> {
        if chosen.is_empty() {
            return Err(Error::Invalid("You must specify at least one part".to_owned()));
        }
        if chosen.windows(2).any(|pair| pair[0].number >= pair[1].number) {
            return Err(Error::InvalidPartOrder);
        }
        let all = self.parts(&upload, 0, PARTS as usize).await?;
        let mut parts = Vec::with_capacity(chosen.len());
        for wanted in chosen {
            let at = all.binary_search_by_key(&wanted.number, |part| part.number);
            let part =
                at.ok().map(|at| &all[at]).filter(|part| fits(part, wanted)).ok_or(Error::InvalidPart)?;
            parts.push(part.clone());
        }
        let small = |part: &UploadPart| part.content.size < LEAST;
        if parts[..parts.len() - 1].iter().any(small) {
            return Err(Error::EntityTooSmall);
        }
        Ok(Composed { upload, parts })
    }

    /// Makes the chosen parts an object; the others are removed. A client that did not hear the answer may ask
    /// again: the same object is returned as long as it stands.
    pub async fn complete(
        &self,
        by: &Principal,
        composed: Composed,
        completion: &Completion,
    ) -> Result<Object, Error> {
        let Composed { upload, parts } = composed;
        let _no_part_is_added = self.standing.write().await;
        self.held_upload(&by.account, &Place::new(&upload.bucket, &upload.key), &upload.id).await?;
        let object = self.compose(by, &upload, &parts, completion.checksum.clone());
        let mut changes = Changes::new();
        changes.delete::<Upload>(&upload.bucket, &upload.id, Expect::Any);
        for part in self.parts(&upload, 0, PARTS as usize).await? {
            changes.delete::<UploadPart>(&part.bucket, &part_id(&upload.id, part.number), Expect::Any);
            if !parts.iter().any(|used| used.number == part.number) {
                removal(&mut changes, &part.content, self.ground.now());
            }
        }
        self.put_object(by, object, (&completion.condition, Reason::Upload), &changes).await
    }

    /// The object that a completed upload became, if it still stands.
    pub async fn completed(&self, account: &AccountId, place: &Place, id: &str) -> Result<Object, Error> {
        let object = self.stat(account, place).await.map_err(|error| match error {
            Error::NoKey => Error::NoUpload,
            other => other,
        })?;
        if object.upload.as_deref() == Some(id) { Ok(object) } else { Err(Error::NoUpload) }
    }

    /// Ends an upload without an object.
    pub async fn abort(&self, account: &AccountId, place: &Place, id: &str) -> Result<(), Error> {
        let _no_part_is_added = self.standing.write().await;
        let held = self.held_upload(account, place, id).await?;
        let mut changes = Changes::new();
        changes.delete::<Upload>(&place.bucket, id, Expect::Any);
        for part in self.parts(&held.value, 0, PARTS as usize).await? {
            changes.delete::<UploadPart>(&part.bucket, &part_id(id, part.number), Expect::Any);
            removal(&mut changes, &part.content, self.ground.now());
        }
        Ok(self.ground.store.commit(changes).await?)
    }

    fn compose(
        &self,
        by: &Principal,
        upload: &Upload,
        parts: &[UploadPart],
        checksum: Option<Checksum>,
    ) -> Object {
        let (mut md5, mut sha256) = (Md5::new(), Sha256::new());
        let mut content = Content::default();
        for part in parts {
            md5.update(unhex(&part.etag));
            sha256.update(part.digest.as_bytes());
            content.size += part.content.size;
            content.parts.extend(part.content.parts.iter().cloned());
        }
        Object {
            bucket: upload.bucket.clone(),
            key: upload.key.clone(),
            etag: format!("{}-{}", hex(&md5.finalize()), parts.len()),
            digest: format!("{}-{}", Digest::from_sha256(&sha256.finalize()), parts.len()),
            content,
            modified: self.ground.now(),
            headers: upload.headers.clone(),
            checksum,
            pieces: parts.iter().map(|part| Piece { size: part.content.size }).collect(),
            upload: Some(upload.id.clone()),
            by: by.arn.clone(),
            lineage: by.lineage.clone(),
        }
    }
}

fn fits(part: &UploadPart, wanted: &Chosen) -> bool {
    let checksum = match (&wanted.checksum, &part.checksum) {
        (Some(wanted), Some(had)) => *wanted == had.value,
        (Some(_), None) => false,
        (None, _) => true,
    };
    part.etag == wanted.etag && checksum
}

fn unhex(text: &str) -> Vec<u8> {
    let digits = text.as_bytes().chunks_exact(2);
    digits.filter_map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()).collect()
}
