//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateModelPackage.html>

use serde_json::{Value, json};
use trainyard_services::registry::PackageUpdate;

use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, update: PackageUpdate) -> Result<Value, ApiError> {
    let package = context.services.registry.update(&context.principal, update).await?;
    Ok(json!({"ModelPackageArn": package.arn}))
}
