//! <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>

use serde::Deserialize;
use trainyard_services::artifacts::Place;

use super::Head;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(in crate::s3) struct Input {
    bucket: String,
    key: String,
}

pub(in crate::s3) async fn run(context: &Context, input: Input) -> Result<Head, ApiError> {
    let place = Place::new(input.bucket, input.key);
    let object = context.services.artifacts.stat(&context.scope.account, &place).await?;
    Ok(Head::new(&object))
}
