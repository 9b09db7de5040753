//! Copies of objects and of their pieces.

use s3s::{
    S3Error, S3ErrorCode, S3Request, S3Response, S3Result,
    dto::{
        CopyObjectInput, CopyObjectOutput, CopyObjectResult, CopyPartResult, CopySource, MetadataDirective,
        Range, UploadPartCopyInput, UploadPartCopyOutput,
    },
};
use trainyard_domain::AccountId;
use trainyard_services::artifacts::{Artifacts, Object, Place};

use super::{access::caller, checksum, error, objects, reading::Conditions, reading::unsatisfiable, shape};

pub(super) async fn object(
    artifacts: &Artifacts,
    request: S3Request<CopyObjectInput>,
) -> S3Result<S3Response<CopyObjectOutput>> {
    let by = caller(&request)?.principal;
    let input = request.input;
    if input.checksum_algorithm.is_some() {
        let message = "the header `x-amz-checksum-algorithm` is not supported for copies";
        return Err(S3Error::with_message(S3ErrorCode::NotImplemented, message));
    }
    let source = source(artifacts, &by.account, &input.copy_source).await?;
    Conditions {
        matches: input.copy_source_if_match.as_ref(),
        none_match: input.copy_source_if_none_match.as_ref(),
        modified_since: input.copy_source_if_modified_since.as_ref(),
        unmodified_since: input.copy_source_if_unmodified_since.as_ref(),
    }
    .check_source(&source)?;
    let replaced =
        input.metadata_directive.as_ref().is_some_and(|d| d.as_str() == MetadataDirective::REPLACE);
    let place = Place::new(&input.bucket, &input.key);
    if !replaced && (source.bucket == place.bucket && source.key == place.key) {
        let message = "This copy request is illegal because it is trying to copy an object to itself without \
                       changing the object's metadata, storage class, website redirect location or encryption \
                       attributes.";
        return Err(S3Error::with_message(S3ErrorCode::InvalidRequest, message));
    }
    let headers = replaced.then(|| shape::headers!(input));
    headers.as_ref().map_or(Ok(()), objects::check_headers)?;
    let copy = artifacts.copy(&by, &source, &place, headers).await.map_err(error::of)?;
    let sums = checksum::shown(copy.checksum.as_ref());
    let result = CopyObjectResult {
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        checksum_type: sums.checksum_type,
        e_tag: Some(shape::etag(&copy.etag)),
        last_modified: Some(shape::time(copy.modified)),
    };
    Ok(S3Response::new(CopyObjectOutput { copy_object_result: Some(result), ..CopyObjectOutput::default() }))
}

pub(super) async fn part(
    artifacts: &Artifacts,
    request: S3Request<UploadPartCopyInput>,
) -> S3Result<S3Response<UploadPartCopyOutput>> {
    let by = caller(&request)?.principal;
    let input = request.input;
    let source = source(artifacts, &by.account, &input.copy_source).await?;
    Conditions {
        matches: input.copy_source_if_match.as_ref(),
        none_match: input.copy_source_if_none_match.as_ref(),
        modified_since: input.copy_source_if_modified_since.as_ref(),
        unmodified_since: input.copy_source_if_unmodified_since.as_ref(),
    }
    .check_source(&source)?;
    let range = match &input.copy_source_range {
        None => None,
        Some(text) => Some(range(text, source.content.size)?),
    };
    let place = Place::new(&input.bucket, &input.key);
    let upload = artifacts.upload(&by.account, &place, &input.upload_id).await.map_err(error::of)?;
    let number = u32::try_from(input.part_number).unwrap_or(0);
    let part = artifacts.copy_part(&upload, number, &source, range).await.map_err(error::of)?;
    let result = CopyPartResult {
        e_tag: Some(shape::etag(&part.etag)),
        last_modified: Some(shape::time(part.modified)),
        ..CopyPartResult::default()
    };
    Ok(S3Response::new(UploadPartCopyOutput {
        copy_part_result: Some(result),
        ..UploadPartCopyOutput::default()
    }))
}

/// A copy's range must name both ends and lie inside.
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPartCopy.html>
fn range(text: &str, size: u64) -> S3Result<std::ops::Range<u64>> {
    match Range::parse(text) {
        Ok(Range::Int { first, last: Some(last) }) if last < size => Ok(first..last + 1),
        Ok(Range::Int { last: Some(_), .. }) => Err(unsatisfiable()),
        _ => Err(error::invalid("x-amz-copy-source-range must be of the form bytes=first-last")),
    }
}

async fn source(artifacts: &Artifacts, account: &AccountId, source: &CopySource) -> S3Result<Object> {
    let refuse = |what: &str| Err(S3Error::with_message(S3ErrorCode::NotImplemented, what.to_owned()));
    match source {
        CopySource::Bucket { version_id: Some(version), .. } if &**version != "null" => {
            refuse("versions of objects are not supported: the copy source's `versionId`")
        }
        CopySource::Bucket { bucket, key, .. } => {
            artifacts.stat(account, &Place::new(&**bucket, &**key)).await.map_err(error::of)
        }
        CopySource::AccessPoint { .. } | CopySource::Outpost { .. } => {
            refuse("a copy's source must be a bucket and a key: access points and outposts are not supported")
        }
    }
}
