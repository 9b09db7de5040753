//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeModel.html>

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    model_name: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let model = context.services.endpoints.model(&context.scope, &input.model_name).await?;
    let request = &model.request;
    let mut answer = json!({
        "ModelName": model.name,
        "ModelArn": model.arn,
        "CreationTime": model.created,
        "EnableNetworkIsolation": false,
    });
    if let Some(members) = answer.as_object_mut() {
        if let Some(container) = &request.primary_container {
            members.insert("PrimaryContainer".to_owned(), json!(container));
        }
        if !request.containers.is_empty() {
            members.insert("Containers".to_owned(), json!(request.containers));
        }
        if let Some(role) = &request.execution_role_arn {
            members.insert("ExecutionRoleArn".to_owned(), json!(role));
        }
    }
    Ok(answer)
}
