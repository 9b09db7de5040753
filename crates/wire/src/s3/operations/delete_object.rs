//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObject.html>

use serde::Deserialize;
use trainyard_services::artifacts::Place;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::s3) struct Input {
    bucket: String,
    key: String,
}

pub(in crate::s3) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let place = Place::new(input.bucket, input.key);
    Ok(context.services.artifacts.delete(&context.scope.account, &place).await?)
}
