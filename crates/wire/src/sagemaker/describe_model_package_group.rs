//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeModelPackageGroup.html>

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    model_package_group_name: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let group = context.services.registry.group(&context.scope, &input.model_package_group_name).await?.value;
    Ok(json!({
        "ModelPackageGroupName": group.name,
        "ModelPackageGroupArn": group.arn,
        "ModelPackageGroupDescription": group.description,
        "CreationTime": group.created,
        "CreatedBy": {"IamIdentity": {"Arn": group.principal.arn}},
        "ModelPackageGroupStatus": "Completed",
    }))
}
