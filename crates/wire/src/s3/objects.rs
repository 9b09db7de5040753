//! Operations on single objects.

use s3s::{
    S3Error, S3ErrorCode, S3Request, S3Response, S3Result,
    dto::{
        ChecksumMode, DeleteObjectInput, DeleteObjectOutput, DeleteObjectsInput, DeleteObjectsOutput,
        DeletedObject, ETagCondition, GetObjectInput, GetObjectOutput, HeadObjectInput, HeadObjectOutput,
        PutObjectInput, PutObjectOutput, ServerSideEncryption,
    },
};
use trainyard_services::{
    artifacts::{Artifacts, Condition, Headers, New, Object, Place},
    refusal::Refusal,
};

use super::{
    access::caller,
    body::{self, Incoming},
    checksum, error,
    reading::{self, Conditions},
    shape,
};

/// How many objects one request may delete.
const DELETES: usize = 1000;

pub(super) async fn put(
    artifacts: &Artifacts,
    request: S3Request<PutObjectInput>,
) -> S3Result<S3Response<PutObjectOutput>> {
    let by = caller(&request)?.principal;
    let S3Request { input, headers: sent, trailing_headers, .. } = request;
    let place = Place::new(&input.bucket, &input.key);
    // A bucket that is not there is said before the body is read.
    artifacts.bucket(&by.account, &place.bucket).await.map_err(error::of)?;
    let condition = condition(input.if_match.as_ref(), input.if_none_match.as_ref())?;
    let headers = shape::headers!(input);
    check_headers(&headers)?;
    let incoming = Incoming {
        body: input.body,
        length: input.content_length,
        md5: input.content_md5,
        ..Incoming::new(&sent, trailing_headers)
    };
    let (staged, checksum) = incoming.stage(artifacts).await?;
    let new = New { staged, headers, checksum };
    let object = artifacts.put(&by, &place, new, &condition).await.map_err(error::of)?;
    let sums = checksum::shown(object.checksum.as_ref());
    Ok(S3Response::new(PutObjectOutput {
        e_tag: Some(shape::etag(&object.etag)),
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        checksum_type: sums.checksum_type,
        server_side_encryption: Some(encryption()),
        ..PutObjectOutput::default()
    }))
}

/// `If-None-Match: *` and `If-Match: <etag>`, the conditions that S3 has for writes.
pub(super) fn condition(
    matches: Option<&ETagCondition>,
    none_match: Option<&ETagCondition>,
) -> S3Result<Condition> {
    let refuse = |what: &str| Err(S3Error::with_message(S3ErrorCode::NotImplemented, what.to_owned()));
    match (matches, none_match) {
        (None, None) => Ok(Condition::Always),
        (None, Some(ETagCondition::Any)) => Ok(Condition::Absent),
        (Some(ETagCondition::ETag(etag)), None) => Ok(Condition::Matches(etag.value().to_owned())),
        (None, Some(ETagCondition::ETag(_))) => {
            refuse("for writes the header `If-None-Match` can only be `*`")
        }
        (Some(ETagCondition::Any), None) => refuse("for writes the header `If-Match` can only be an ETag"),
        (Some(_), Some(_)) => refuse("a write cannot have both `If-Match` and `If-None-Match`"),
    }
}

/// S3 keeps at most 2 KB of metadata of a user's own.
pub(super) fn check_headers(headers: &Headers) -> S3Result<()> {
    let bytes: usize = headers.user.iter().map(|(name, value)| name.len() + value.len()).sum();
    if bytes <= 2048 {
        return Ok(());
    }
    let message = "Your metadata headers exceed the maximum allowed metadata size";
    Err(S3Error::with_message(S3ErrorCode::MetadataTooLarge, message))
}

pub(super) async fn get(
    artifacts: &Artifacts,
    request: S3Request<GetObjectInput>,
) -> S3Result<S3Response<GetObjectOutput>> {
    let account = caller(&request)?.principal.account;
    let input = request.input;
    let object = artifacts.stat(&account, &Place::new(&input.bucket, &input.key)).await.map_err(error::of)?;
    let conditions = Conditions {
        matches: input.if_match.as_ref(),
        none_match: input.if_none_match.as_ref(),
        modified_since: input.if_modified_since.as_ref(),
        unmodified_since: input.if_unmodified_since.as_ref(),
    };
    conditions.check(&object)?;
    let (wanted, content_range) = reading::wanted(&object, input.range.as_ref(), input.part_number)?;
    let length = wanted.end - wanted.start;
    let stream = artifacts.read(&object, Some(wanted)).await.map_err(error::of)?;
    let head = head_of(object, input.checksum_mode.as_ref(), content_range.is_none(), input.part_number);
    Ok(S3Response::new(GetObjectOutput {
        accept_ranges: head.accept_ranges,
        body: Some(body::outgoing(stream)),
        cache_control: head.cache_control,
        checksum_crc32: head.checksum_crc32,
        checksum_crc32c: head.checksum_crc32c,
        checksum_crc64nvme: head.checksum_crc64nvme,
        checksum_sha1: head.checksum_sha1,
        checksum_sha256: head.checksum_sha256,
        checksum_type: head.checksum_type,
        content_disposition: head.content_disposition,
        content_encoding: head.content_encoding,
        content_language: head.content_language,
        content_length: Some(shape::size(length)),
        content_range,
        content_type: head.content_type,
        e_tag: head.e_tag,
        expires: head.expires,
        last_modified: head.last_modified,
        metadata: head.metadata,
        parts_count: head.parts_count,
        server_side_encryption: head.server_side_encryption,
        ..GetObjectOutput::default()
    }))
}

pub(super) async fn head(
    artifacts: &Artifacts,
    request: S3Request<HeadObjectInput>,
) -> S3Result<S3Response<HeadObjectOutput>> {
    let account = caller(&request)?.principal.account;
    let input = request.input;
    let object = artifacts.stat(&account, &Place::new(&input.bucket, &input.key)).await.map_err(error::of)?;
    let conditions = Conditions {
        matches: input.if_match.as_ref(),
        none_match: input.if_none_match.as_ref(),
        modified_since: input.if_modified_since.as_ref(),
        unmodified_since: input.if_unmodified_since.as_ref(),
    };
    conditions.check(&object)?;
    let (wanted, content_range) = reading::wanted(&object, input.range.as_ref(), input.part_number)?;
    let head = head_of(object, input.checksum_mode.as_ref(), content_range.is_none(), input.part_number);
    let partial = content_range.is_some();
    let output = HeadObjectOutput {
        content_length: Some(shape::size(wanted.end - wanted.start)),
        content_range,
        ..head
    };
    let mut response = S3Response::new(output);
    if partial {
        response.status = Some(http::StatusCode::PARTIAL_CONTENT);
    }
    Ok(response)
}

/// What is said of an object. Its checksum is said when the client asks for it and gets all of the bytes.
fn head_of(object: Object, mode: Option<&ChecksumMode>, whole: bool, part: Option<i32>) -> HeadObjectOutput {
    let asked = mode.is_some_and(|mode| mode.as_str() == ChecksumMode::ENABLED);
    let sums = checksum::shown(object.checksum.as_ref().filter(|_| asked && whole));
    let Headers {
        content_type, cache_control, content_disposition, content_encoding, content_language, ..
    } = object.headers.clone();
    HeadObjectOutput {
        accept_ranges: Some("bytes".to_owned()),
        cache_control,
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        checksum_type: sums.checksum_type,
        content_disposition,
        content_encoding,
        content_language,
        content_type: Some(content_type.unwrap_or_else(|| shape::UNTYPED.to_owned())),
        e_tag: Some(shape::etag(&object.etag)),
        expires: shape::expires_time(&object.headers),
        last_modified: Some(shape::time(object.modified)),
        metadata: Some(object.headers.user.into_iter().collect()),
        parts_count: part.and(i32::try_from(object.pieces.len()).ok()).filter(|count| *count > 0),
        server_side_encryption: Some(encryption()),
        ..HeadObjectOutput::default()
    }
}

/// What S3 says of every object.
fn encryption() -> ServerSideEncryption {
    ServerSideEncryption::from_static(ServerSideEncryption::AES256)
}

pub(super) async fn delete(
    artifacts: &Artifacts,
    request: S3Request<DeleteObjectInput>,
) -> S3Result<S3Response<DeleteObjectOutput>> {
    let account = caller(&request)?.principal.account;
    let place = Place::new(request.input.bucket, request.input.key);
    artifacts.delete(&account, &place).await.map_err(error::of)?;
    Ok(S3Response::new(DeleteObjectOutput::default()))
}

pub(super) async fn delete_many(
    artifacts: &Artifacts,
    request: S3Request<DeleteObjectsInput>,
) -> S3Result<S3Response<DeleteObjectsOutput>> {
    let account = caller(&request)?.principal.account;
    let S3Request { input, .. } = request;
    if input.delete.objects.is_empty() || input.delete.objects.len() > DELETES {
        let message =
            "The XML you provided was not well-formed or did not validate against our published schema";
        return Err(S3Error::with_message(S3ErrorCode::MalformedXML, message));
    }
    artifacts.bucket(&account, &input.bucket).await.map_err(error::of)?;
    let (mut deleted, mut errors) = (Vec::new(), Vec::new());
    let removals = input.delete.objects.into_iter().map(|object| {
        let (place, account) = (Place::new(&input.bucket, &object.key), &account);
        let refused = object.version_id.is_some_and(|version| version != "null")
            || object.size.is_some()
            || object.last_modified_time.is_some()
            || object.e_tag.is_some();
        async move {
            if refused {
                let what = "versions and conditions of deletes are not supported";
                return (object.key, Err(("NotImplemented".to_owned(), what.to_owned())));
            }
            let removed = artifacts.delete(account, &place).await;
            (object.key, removed.map_err(|error| (error.code().to_owned(), error.to_string())))
        }
    });
    // All at once: the store gathers them into few commits.
    for (key, removed) in futures::future::join_all(removals).await {
        match removed {
            Ok(()) => deleted.push(DeletedObject { key: Some(key), ..DeletedObject::default() }),
            Err((code, message)) => {
                let (code, message) = (Some(code), Some(message));
                errors.push(s3s::dto::Error { key: Some(key), code, message, ..s3s::dto::Error::default() });
            }
        }
    }
    if input.delete.quiet == Some(true) {
        deleted.clear();
    }
    Ok(S3Response::new(DeleteObjectsOutput {
        deleted: Some(deleted),
        errors: (!errors.is_empty()).then_some(errors),
        ..DeleteObjectsOutput::default()
    }))
}
