//! Listings of objects.

use s3s::{
    S3Request, S3Response, S3Result,
    dto::{
        self, CommonPrefix, ListObjectsInput, ListObjectsOutput, ListObjectsV2Input, ListObjectsV2Output,
        ObjectStorageClass,
    },
};
use trainyard_services::artifacts::{Artifacts, ListEntry, ListQuery};

use super::{access::caller, error, shape};

/// How many entries S3 gives at most.
const MOST: i32 = 1000;

pub(super) async fn v2(
    artifacts: &Artifacts,
    request: S3Request<ListObjectsV2Input>,
) -> S3Result<S3Response<ListObjectsV2Output>> {
    let principal = caller(&request)?.principal;
    let input = request.input;
    let max_keys = max_keys(input.max_keys)?;
    let query = ListQuery {
        prefix: input.prefix.clone().unwrap_or_default(),
        delimiter: input.delimiter.clone().filter(|delimiter| !delimiter.is_empty()),
        after: input.start_after.clone(),
        cursor: input.continuation_token.clone(),
        limit: usize::try_from(max_keys).unwrap_or(0),
    };
    let encoding = input.encoding_type.as_ref();
    let owner = (input.fetch_owner == Some(true)).then(|| shape::owner(&principal));
    let found = Found::read(artifacts, &principal.account, &input.bucket, query).await?;
    let shown = |text: Option<String>| text.map(|text| shape::key(&text, encoding));
    Ok(S3Response::new(ListObjectsV2Output {
        key_count: i32::try_from(found.entries.len()).ok(),
        is_truncated: Some(found.next.is_some()),
        next_continuation_token: found.next.clone(),
        contents: Some(found.objects(encoding, owner.as_ref())),
        common_prefixes: found.folders(encoding),
        name: Some(input.bucket),
        max_keys: Some(max_keys),
        continuation_token: input.continuation_token,
        prefix: shown(Some(input.prefix.unwrap_or_default())),
        delimiter: shown(input.delimiter),
        start_after: shown(input.start_after),
        encoding_type: input.encoding_type.clone(),
        request_charged: None,
    }))
}

pub(super) async fn v1(
    artifacts: &Artifacts,
    request: S3Request<ListObjectsInput>,
) -> S3Result<S3Response<ListObjectsOutput>> {
    let principal = caller(&request)?.principal;
    let input = request.input;
    let max_keys = max_keys(input.max_keys)?;
    let query = ListQuery {
        prefix: input.prefix.clone().unwrap_or_default(),
        delimiter: input.delimiter.clone().filter(|delimiter| !delimiter.is_empty()),
        after: input.marker.clone().filter(|marker| !marker.is_empty()),
        cursor: None,
        limit: usize::try_from(max_keys).unwrap_or(0),
    };
    let encoding = input.encoding_type.as_ref();
    let owner = shape::owner(&principal);
    let found = Found::read(artifacts, &principal.account, &input.bucket, query).await?;
    let shown = |text: Option<String>| text.map(|text| shape::key(&text, encoding));
    let last = found.next.as_ref().and(found.entries.last()).map(|entry| entry.name().to_owned());
    Ok(S3Response::new(ListObjectsOutput {
        is_truncated: Some(found.next.is_some()),
        next_marker: shown(last),
        contents: Some(found.objects(encoding, Some(&owner))),
        common_prefixes: found.folders(encoding),
        name: Some(input.bucket),
        max_keys: Some(max_keys),
        marker: shown(Some(input.marker.unwrap_or_default())),
        prefix: shown(Some(input.prefix.unwrap_or_default())),
        delimiter: shown(input.delimiter),
        encoding_type: input.encoding_type.clone(),
        request_charged: None,
    }))
}

fn max_keys(asked: Option<i32>) -> S3Result<i32> {
    match asked.unwrap_or(MOST) {
        ..0 => Err(error::invalid("Argument maxKeys must be an integer between 0 and 2147483647")),
        asked => Ok(asked.min(MOST)),
    }
}

struct Found {
    entries: Vec<ListEntry>,
    next: Option<String>,
}

impl Found {
    async fn read(
        artifacts: &Artifacts,
        account: &trainyard_domain::AccountId,
        bucket: &str,
        query: ListQuery,
    ) -> S3Result<Self> {
        if query.limit == 0 {
            artifacts.bucket(account, bucket).await.map_err(error::of)?;
            return Ok(Self { entries: Vec::new(), next: None });
        }
        let page = artifacts.list(account, bucket, query).await.map_err(error::of)?;
        Ok(Self { entries: page.entries, next: page.next })
    }

    fn objects(&self, encoding: Option<&dto::EncodingType>, owner: Option<&dto::Owner>) -> Vec<dto::Object> {
        let objects = self.entries.iter().filter_map(|entry| match entry {
            ListEntry::Object(object) => Some(object),
            ListEntry::Folder(_) => None,
        });
        objects
            .map(|object| dto::Object {
                e_tag: Some(shape::etag(&object.etag)),
                key: Some(shape::key(&object.key, encoding)),
                last_modified: Some(shape::time(object.modified)),
                owner: owner.cloned(),
                size: Some(shape::size(object.content.size)),
                storage_class: Some(ObjectStorageClass::from_static(ObjectStorageClass::STANDARD)),
                ..dto::Object::default()
            })
            .collect()
    }

    fn folders(&self, encoding: Option<&dto::EncodingType>) -> Option<Vec<CommonPrefix>> {
        let folders = self.entries.iter().filter_map(|entry| match entry {
            ListEntry::Folder(name) => Some(CommonPrefix { prefix: Some(shape::key(name, encoding)) }),
            ListEntry::Object(_) => None,
        });
        let folders: Vec<_> = folders.collect();
        (!folders.is_empty()).then_some(folders)
    }
}
