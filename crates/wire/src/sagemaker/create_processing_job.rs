//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_CreateProcessingJob.html>

use serde_json::{Value, json};
use trainyard_services::jobs::ProcessingRequest;

use crate::{ApiError, Context};

pub(super) async fn run(context: &Context, request: ProcessingRequest) -> Result<Value, ApiError> {
    let job = context
        .services
        .jobs
        .process(&context.principal, &context.scope, request, context.token.clone())
        .await?;
    Ok(json!({"ProcessingJobArn": job.arn}))
}
