//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>

use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use trainyard_services::artifacts::Place;

use super::Head;
use crate::{ApiError, Context};

/// How large a body may be that becomes part of a state's output: far more than an output may hold.
const LARGEST: u64 = 4 * 1024 * 1024;

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::s3) struct Input {
    bucket: String,
    key: String,
}

#[derive(Serialize)]
pub(in crate::s3) struct Output {
    #[serde(flatten)]
    head: Head,
    #[serde(rename = "Body")]
    body: String,
}

pub(in crate::s3) async fn run(context: &Context, input: Input) -> Result<Output, ApiError> {
    let artifacts = &context.services.artifacts;
    let object = artifacts.stat(&context.scope.account, &Place::new(input.bucket, input.key)).await?;
    if object.content.size > LARGEST {
        let message = format!("the object has {} bytes: too many for a state's output", object.content.size);
        return Err(ApiError::invalid("EntityTooLarge", message));
    }
    let stream = artifacts.read(&object, None).await?;
    let bytes: Vec<bytes::Bytes> = stream.try_collect().await.map_err(ApiError::internal)?;
    let body = String::from_utf8_lossy(&bytes.concat()).into_owned();
    Ok(Output { head: Head::new(&object), body })
}
