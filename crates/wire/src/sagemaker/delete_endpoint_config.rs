//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DeleteEndpointConfig.html>

use serde::Deserialize;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    endpoint_config_name: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    let (who, scope) = (&context.principal, &context.scope);
    Ok(context.services.endpoints.delete_config(who, scope, &input.endpoint_config_name).await?)
}
