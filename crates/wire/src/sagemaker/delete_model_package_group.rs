//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteModelPackageGroup.html>

use serde::Deserialize;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    model_package_group_name: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let (who, scope) = (&context.principal, &context.scope);
    Ok(context.services.registry.delete_group(who, scope, &input.model_package_group_name).await?)
}
