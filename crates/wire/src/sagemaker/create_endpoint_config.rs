//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateEndpointConfig.html>

use serde_json::{Value, json};
use trainyard_services::endpoints::ConfigRequest;

use super::caller;
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, request: ConfigRequest) -> Result<Value, ApiError> {
    let config = context.services.endpoints.create_config(caller(context), request).await?;
    Ok(json!({"EndpointConfigArn": config.arn}))
}
