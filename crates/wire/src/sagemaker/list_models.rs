//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_ListModels.html>

use serde_json::{Value, json};
use trainyard_services::endpoints::Model;

use super::paging::Newest;
use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, input: Newest) -> Result<Value, ApiError> {
    let (found, next) = context.services.endpoints.list::<Model>(&context.scope, &input.listing()?).await?;
    let shown = found.iter().map(|item| {
        json!({
            "ModelName": item.name,
            "ModelArn": item.arn,
            "CreationTime": item.created,
        })
    });
    Ok(json!({"Models": shown.collect::<Vec<_>>(), "NextToken": next}))
}
