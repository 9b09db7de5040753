//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpoint.html>

use serde::Deserialize;
use serde_json::{Value, json};
use trainyard_services::jobs::Tag;

use super::caller;
use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    endpoint_name: String,
    endpoint_config_name: String,
    #[serde(default)]
    tags: Vec<Tag>,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let (name, config) = (&input.endpoint_name, &input.endpoint_config_name);
    let endpoint = context.services.endpoints.create(caller(context), name, config, input.tags).await?;
    Ok(json!({"EndpointArn": endpoint.arn}))
}
