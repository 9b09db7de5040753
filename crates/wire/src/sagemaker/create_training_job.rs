//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateTrainingJob.html>

use serde_json::{Value, json};
use trainyard_services::jobs::TrainingRequest;

use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, request: TrainingRequest) -> Result<Value, ApiError> {
    let job = context
        .services
        .jobs
        .train(&context.principal, &context.scope, request, context.token.clone())
        .await?;
    Ok(json!({"TrainingJobArn": job.arn}))
}
