//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeEndpoint.html>

use serde::Deserialize;
use serde_json::Value;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    endpoint_name: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let endpoints = &context.services.endpoints;
    let endpoint = endpoints.find(&context.scope, &input.endpoint_name).await?.value;
    Ok(endpoints.describe(&endpoint))
}
