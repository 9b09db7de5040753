//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateModel.html>

use serde_json::{Value, json};
use trainyard_services::endpoints::ModelRequest;

use super::caller;
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, request: ModelRequest) -> Result<Value, ApiError> {
    let model = context.services.endpoints.create_model(caller(context), request).await?;
    Ok(json!({"ModelArn": model.arn}))
}
