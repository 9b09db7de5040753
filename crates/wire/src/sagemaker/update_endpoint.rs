//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_UpdateEndpoint.html>

use serde::Deserialize;
use serde_json::{Value, json};

use super::caller;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    endpoint_name: String,
    endpoint_config_name: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let (name, config) = (&input.endpoint_name, &input.endpoint_config_name);
    let endpoint = context.services.endpoints.update(caller(context), name, config).await?;
    Ok(json!({"EndpointArn": endpoint.arn}))
}
