//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>

use std::collections::BTreeMap;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use trainyard_services::artifacts::{Condition, Headers, New, Place};

use super::quoted;
use crate::{ApiError, Context};

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
    let staged = artifacts.stage(Box::pin(futures::stream::iter([Ok(Bytes::from(body))]))).await?;
    let headers = Headers { content_type: input.content_type, user: input.metadata, ..Headers::default() };
    let new = New { staged, headers, checksum: None };
    let place = Place::new(input.bucket, input.key);
    let object = artifacts.put(&context.principal, &place, new, &Condition::Always).await?;
    Ok(Output { etag: quoted(&object.etag), server_side_encryption: "AES256" })
}
