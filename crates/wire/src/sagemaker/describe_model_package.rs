//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeModelPackage.html>

use serde::Deserialize;
use serde_json::Value;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    /// An ARN: versions have no other name.
    model_package_name: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let registry = &context.services.registry;
    let package = registry.find(&context.scope.account, &input.model_package_name).await?.value;
    Ok(registry.describe(&package))
}
