//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteModelPackage.html>

use serde::Deserialize;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    /// An ARN: versions have no other name.
    model_package_name: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    Ok(context.services.registry.delete(&context.principal, &input.model_package_name).await?)
}
