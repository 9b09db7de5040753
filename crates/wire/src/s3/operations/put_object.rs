//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trainyard_services::artifacts::{Checksum, Condition, Headers, New, Place};

use super::quoted;
use crate::{
    ApiError, Context,
    s3::checksum::{self, Algorithm},
};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::s3) struct Input {
    bucket: String,
    key: String,
    /// A text as it is, anything else as JSON text.
    body: Option<Value>,
    content_type: Option<String>,
    #[serde(default)]
    metadata: BTreeMap<String, String>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
pub(in crate::s3) struct Output {
    #[serde(rename = "ChecksumCRC32")]
    checksum_crc32: String,
    checksum_type: &'static str,
    #[serde(rename = "ETag")]
    etag: String,
    server_side_encryption: &'static str,
}

pub(in crate::s3) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let artifacts = &context.services.artifacts;
    let body = match input.body {
        None => String::new(),
        Some(Value::String(text)) => text,
        Some(value) => value.to_string(),
    };
    // As AWS's SDK for Java does, which Step Functions calls S3 with.
    let crc = checksum::of_bytes(Algorithm::Crc32, body.as_bytes());
    let sum =
        Checksum { algorithm: Algorithm::Crc32.name().to_owned(), value: crc.clone(), composite: false };
    let staged = artifacts.stage(Box::pin(futures::stream::iter([Ok(Bytes::from(body))]))).await?;
    let headers = Headers { content_type: input.content_type, user: input.metadata, ..Headers::default() };
    let new = New { staged, headers, checksum: Some(sum) };
    let place = Place::new(input.bucket, input.key);
    let object = artifacts.put(&context.principal, &place, new, &Condition::Always).await?;
    Ok(Output {
        checksum_crc32: crc,
        checksum_type: "FULL_OBJECT",
        etag: quoted(&object.etag),
        server_side_encryption: "AES256",
    })
}
