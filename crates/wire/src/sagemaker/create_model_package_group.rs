//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModelPackageGroup.html>

use serde::Deserialize;
use serde_json::{Value, json};
use trainyard_services::jobs::Tag;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    model_package_group_name: String,
    #[serde(default)]
    model_package_group_description: Option<String>,
    #[serde(default)]
    tags: Vec<Tag>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let group = (input.model_package_group_name, input.model_package_group_description, input.tags);
    let group = context.services.registry.create_group(&context.principal, &context.scope, group).await?;
    Ok(json!({"ModelPackageGroupArn": group.arn}))
}
