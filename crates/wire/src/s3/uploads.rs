//! Multipart uploads.

use base64::{Engine, engine::general_purpose::STANDARD};
use s3s::{
    S3Error, S3ErrorCode, S3Request, S3Response, S3Result,
    dto::{
        AbortMultipartUploadInput, AbortMultipartUploadOutput, ChecksumAlgorithm, ChecksumType,
        CompleteMultipartUploadInput, CompleteMultipartUploadOutput, CompletedPart,
        CreateMultipartUploadInput, CreateMultipartUploadOutput, ListMultipartUploadsInput,
        ListMultipartUploadsOutput, ListPartsInput, ListPartsOutput, MultipartUpload, Part, UploadPartInput,
        UploadPartOutput,
    },
};
use trainyard_services::artifacts::{
    Artifacts, Checksum, Chosen, Completion, Composed, Error, ListQuery, Object, Place, UploadPart,
};

use super::{
    access::caller,
    body::Incoming,
    checksum::{self, Algorithm},
    crc, error,
    objects::{check_headers, condition},
    shape,
};

/// How many entries a listing gives at most.
const MOST: i32 = 1000;

pub(super) async fn create(
    artifacts: &Artifacts,
    request: S3Request<CreateMultipartUploadInput>,
) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
    let by = caller(&request)?.principal;
    let input = request.input;
    let headers = shape::headers!(input);
    check_headers(&headers)?;
    let algorithm =
        input.checksum_algorithm.as_ref().map(|name| Algorithm::named(name.as_str())).transpose()?;
    let composite = composite(algorithm, input.checksum_type.as_ref())?;
    let place = Place::new(&input.bucket, &input.key);
    let name = algorithm.map(|algorithm| algorithm.name().to_owned());
    let upload = artifacts.begin_upload(&by, &place, headers, (name, composite)).await.map_err(error::of)?;
    Ok(S3Response::new(CreateMultipartUploadOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(upload.id),
        checksum_type: algorithm.map(|_| checksum::kind(composite)),
        checksum_algorithm: input.checksum_algorithm,
        ..CreateMultipartUploadOutput::default()
    }))
}

/// Whether the object's checksum is made of the parts': CRC64NVME never is, SHAs always are.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity-upload.html>
fn composite(algorithm: Option<Algorithm>, stated: Option<&ChecksumType>) -> S3Result<bool> {
    let stated = stated.map(|stated| stated.as_str() == ChecksumType::COMPOSITE);
    match (algorithm, stated) {
        (Some(Algorithm::Crc64Nvme), Some(true))
        | (Some(Algorithm::Sha1 | Algorithm::Sha256), Some(false)) => {
            let message = "the checksum type is not one that the checksum algorithm can have";
            Err(S3Error::with_message(S3ErrorCode::InvalidRequest, message))
        }
        (Some(Algorithm::Crc64Nvme), _) => Ok(false),
        (_, stated) => Ok(stated.unwrap_or(true)),
    }
}

pub(super) async fn put_part(
    artifacts: &Artifacts,
    request: S3Request<UploadPartInput>,
) -> S3Result<S3Response<UploadPartOutput>> {
    let account = caller(&request)?.principal.account;
    let S3Request { input, headers, trailing_headers, .. } = request;
    let place = Place::new(&input.bucket, &input.key);
    let upload = artifacts.upload(&account, &place, &input.upload_id).await.map_err(error::of)?;
    let incoming = Incoming {
        body: input.body,
        length: input.content_length,
        md5: input.content_md5,
        ..Incoming::new(&headers, trailing_headers)
    };
    let (staged, sum) = incoming.stage(artifacts).await?;
    let number = u32::try_from(input.part_number).unwrap_or(0);
    let part = artifacts.put_part(&upload, number, staged, sum).await.map_err(error::of)?;
    let sums = checksum::shown(part.checksum.as_ref());
    Ok(S3Response::new(UploadPartOutput {
        e_tag: Some(shape::etag(&part.etag)),
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        ..UploadPartOutput::default()
    }))
}

pub(super) async fn complete(
    artifacts: &Artifacts,
    request: S3Request<CompleteMultipartUploadInput>,
) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
    let by = caller(&request)?.principal;
    let input = &request.input;
    let place = Place::new(&input.bucket, &input.key);
    let upload = match artifacts.upload(&by.account, &place, &input.upload_id).await {
        Ok(upload) => upload,
        // The answer to the first request was lost: the same answer again.
        Err(Error::NoUpload) => {
            let object =
                artifacts.completed(&by.account, &place, &input.upload_id).await.map_err(error::of)?;
            return Ok(S3Response::new(completed(&object)));
        }
        Err(refused) => return Err(error::of(refused)),
    };
    let chosen: Vec<Chosen> = input
        .multipart_upload
        .iter()
        .flat_map(|m| m.parts.iter().flatten())
        .map(chosen)
        .collect::<S3Result<_>>()?;
    let composed = artifacts.choose(upload, &chosen).await.map_err(error::of)?;
    let size: u64 = composed.parts.iter().map(|part| part.content.size).sum();
    if input.mpu_object_size.is_some_and(|stated| stated != shape::size(size)) {
        let message = "The provided 'x-amz-mp-object-size' header does not match what was computed.";
        return Err(S3Error::with_message(S3ErrorCode::InvalidRequest, message));
    }
    let checksum = whole_checksum(&composed)?;
    check_whole(&request.headers, checksum.as_ref())?;
    let condition = condition(input.if_match.as_ref(), input.if_none_match.as_ref())?;
    let completion = Completion { condition, checksum };
    let object = artifacts.complete(&by, composed, &completion).await.map_err(error::of)?;
    Ok(S3Response::new(completed(&object)))
}

fn completed(object: &Object) -> CompleteMultipartUploadOutput {
    let sums = checksum::shown(object.checksum.as_ref());
    CompleteMultipartUploadOutput {
        location: Some(format!("/{}/{}", object.bucket, object.key)),
        bucket: Some(object.bucket.clone()),
        key: Some(object.key.clone()),
        e_tag: Some(shape::etag(&object.etag)),
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        checksum_type: sums.checksum_type,
        ..CompleteMultipartUploadOutput::default()
    }
}

fn chosen(part: &CompletedPart) -> S3Result<Chosen> {
    let number = part.part_number.and_then(|number| u32::try_from(number).ok());
    let (Some(number), Some(etag)) = (number, &part.e_tag) else {
        let message =
            "The XML you provided was not well-formed or did not validate against our published schema";
        return Err(S3Error::with_message(S3ErrorCode::MalformedXML, message));
    };
    let sums = [
        &part.checksum_crc32,
        &part.checksum_crc32c,
        &part.checksum_crc64nvme,
        &part.checksum_sha1,
        &part.checksum_sha256,
    ];
    let checksum = sums.into_iter().flatten().next().cloned();
    Ok(Chosen { number, etag: etag.value().to_owned(), checksum })
}

/// The whole object's checksum, if the upload announced an algorithm and every part has it.
fn whole_checksum(composed: &Composed) -> S3Result<Option<Checksum>> {
    let Some(name) = &composed.upload.algorithm else { return Ok(None) };
    let algorithm = Algorithm::named(name)?;
    let mut sums = Vec::with_capacity(composed.parts.len());
    for part in &composed.parts {
        match part.checksum.as_ref().filter(|checksum| checksum.algorithm == *name) {
            Some(checksum) => sums.push((checksum.value.clone(), part.content.size)),
            None => return Ok(None),
        }
    }
    let value = if composed.upload.composite {
        let bytes: Vec<u8> =
            sums.iter().flat_map(|(sum, _)| STANDARD.decode(sum).unwrap_or_default()).collect();
        Some(format!("{}-{}", checksum::of_bytes(algorithm, &bytes), sums.len()))
    } else {
        crc::of_parts(algorithm, &sums)
    };
    Ok(value.map(|value| Checksum { algorithm: name.clone(), value, composite: composed.upload.composite }))
}

/// A checksum that the client says of the whole object must be the computed one.
fn check_whole(headers: &http::HeaderMap, computed: Option<&Checksum>) -> S3Result<()> {
    for algorithm in checksum::ALL {
        let Some(stated) = headers.get(algorithm.header()).and_then(|value| value.to_str().ok()) else {
            continue;
        };
        let same = computed.is_some_and(|c| {
            c.algorithm == algorithm.name() && c.value.split('-').next() == stated.split('-').next()
        });
        if !same {
            let message =
                format!("The {} you specified did not match the calculated checksum.", algorithm.name());
            return Err(S3Error::with_message(S3ErrorCode::BadDigest, message));
        }
    }
    Ok(())
}

pub(super) async fn abort(
    artifacts: &Artifacts,
    request: S3Request<AbortMultipartUploadInput>,
) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
    let account = caller(&request)?.principal.account;
    let place = Place::new(request.input.bucket, request.input.key);
    artifacts.abort(&account, &place, &request.input.upload_id).await.map_err(error::of)?;
    Ok(S3Response::new(AbortMultipartUploadOutput::default()))
}

pub(super) async fn parts(
    artifacts: &Artifacts,
    request: S3Request<ListPartsInput>,
) -> S3Result<S3Response<ListPartsOutput>> {
    let principal = caller(&request)?.principal;
    let input = request.input;
    let place = Place::new(&input.bucket, &input.key);
    let upload = artifacts.upload(&principal.account, &place, &input.upload_id).await.map_err(error::of)?;
    let limit = most(input.max_parts)?;
    let after = input.part_number_marker.unwrap_or(0);
    let mut parts =
        artifacts.parts(&upload, u32::try_from(after).unwrap_or(0), limit + 1).await.map_err(error::of)?;
    let more = parts.len() > limit;
    parts.truncate(limit);
    let last = parts.last().and_then(|part| i32::try_from(part.number).ok());
    Ok(S3Response::new(ListPartsOutput {
        bucket: Some(input.bucket),
        key: Some(input.key),
        upload_id: Some(input.upload_id),
        checksum_type: upload.algorithm.as_ref().map(|_| checksum::kind(upload.composite)),
        checksum_algorithm: upload.algorithm.map(ChecksumAlgorithm::from),
        owner: Some(shape::owner(&principal)),
        is_truncated: Some(more),
        max_parts: i32::try_from(limit).ok(),
        part_number_marker: Some(after),
        next_part_number_marker: last,
        parts: Some(parts.iter().map(part_shape).collect()),
        ..ListPartsOutput::default()
    }))
}

fn part_shape(part: &UploadPart) -> Part {
    let sums = checksum::shown(part.checksum.as_ref());
    Part {
        checksum_crc32: sums.checksum_crc32,
        checksum_crc32c: sums.checksum_crc32c,
        checksum_crc64nvme: sums.checksum_crc64nvme,
        checksum_sha1: sums.checksum_sha1,
        checksum_sha256: sums.checksum_sha256,
        e_tag: Some(shape::etag(&part.etag)),
        last_modified: Some(shape::time(part.modified)),
        part_number: i32::try_from(part.number).ok(),
        size: Some(shape::size(part.content.size)),
    }
}

pub(super) async fn list(
    artifacts: &Artifacts,
    request: S3Request<ListMultipartUploadsInput>,
) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
    let principal = caller(&request)?.principal;
    let input = request.input;
    if input.delimiter.is_some() || input.upload_id_marker.is_some() {
        let message = "listing uploads with `delimiter` or `upload-id-marker` is not supported";
        return Err(S3Error::with_message(S3ErrorCode::NotImplemented, message));
    }
    let limit = most(input.max_uploads)?;
    let query = ListQuery {
        prefix: input.prefix.clone().unwrap_or_default(),
        after: input.key_marker.clone().filter(|marker| !marker.is_empty()),
        limit,
        ..ListQuery::default()
    };
    let page = artifacts.uploads(&principal.account, &input.bucket, query).await.map_err(error::of)?;
    let uploads = page.items.iter().map(|held| MultipartUpload {
        initiated: Some(shape::time(held.value.created)),
        key: Some(shape::key(&held.value.key, input.encoding_type.as_ref())),
        owner: Some(shape::owner(&principal)),
        upload_id: Some(held.value.id.clone()),
        ..MultipartUpload::default()
    });
    let last = page.next.as_ref().and(page.items.last()).map(|held| held.value.key.clone());
    Ok(S3Response::new(ListMultipartUploadsOutput {
        bucket: Some(input.bucket),
        uploads: Some(uploads.collect()),
        is_truncated: Some(page.next.is_some()),
        key_marker: Some(input.key_marker.unwrap_or_default()),
        next_key_marker: last,
        max_uploads: i32::try_from(limit).ok(),
        prefix: Some(input.prefix.unwrap_or_default()),
        encoding_type: input.encoding_type,
        ..ListMultipartUploadsOutput::default()
    }))
}

fn most(asked: Option<i32>) -> S3Result<usize> {
    match asked.unwrap_or(MOST) {
        ..0 => Err(error::invalid("the number of entries asked for is negative")),
        asked => Ok(usize::try_from(asked.clamp(1, MOST)).unwrap_or(1)),
    }
}
