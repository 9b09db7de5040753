//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpointConfig.html>

use serde::Deserialize;
use serde_json::{Value, json};

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    endpoint_config_name: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let config = context.services.endpoints.config(&context.scope, &input.endpoint_config_name).await?;
    Ok(json!({
        "EndpointConfigName": config.name,
        "EndpointConfigArn": config.arn,
        "ProductionVariants": config.variants,
        "CreationTime": config.created,
        "EnableNetworkIsolation": false,
    }))
}
