//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackage.html>

use serde_json::{Value, json};
use trainyard_services::registry::PackageRequest;

use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, mut request: PackageRequest) -> Result<Value, ApiError> {
    request.client_token = request.client_token.or_else(|| context.token.clone());
    let package = context.services.registry.create(&context.principal, &context.scope, request).await?;
    Ok(json!({"ModelPackageArn": package.arn}))
}
