//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListEndpoints.html>

use serde_json::{Value, json};
use trainyard_services::endpoints::Endpoint;

use super::paging::Newest;
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: Newest) -> Result<Value, ApiError> {
    let (found, next) =
        context.services.endpoints.list::<Endpoint>(&context.scope, &input.listing()?).await?;
    let shown = found.iter().map(|item| {
        json!({
            "EndpointName": item.name,
            "EndpointArn": item.arn,
            "CreationTime": item.created,
            "LastModifiedTime": item.modified,
            "EndpointStatus": item.status,
        })
    });
    Ok(json!({"Endpoints": shown.collect::<Vec<_>>(), "NextToken": next}))
}
