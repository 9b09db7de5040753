//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListEndpointConfigs.html>

use serde_json::{Value, json};
use trainyard_services::endpoints::EndpointConfig;

use super::paging::Newest;
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: Newest) -> Result<Value, ApiError> {
    let (found, next) =
        context.services.endpoints.list::<EndpointConfig>(&context.scope, &input.listing()?).await?;
    let shown = found.iter().map(|item| {
        json!({
            "EndpointConfigName": item.name,
            "EndpointConfigArn": item.arn,
            "CreationTime": item.created,
        })
    });
    Ok(json!({"EndpointConfigs": shown.collect::<Vec<_>>(), "NextToken": next}))
}
