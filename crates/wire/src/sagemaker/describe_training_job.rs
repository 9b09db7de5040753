//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_DescribeTrainingJob.html>

use serde::Deserialize;
use serde_json::Value;
use trainyard_services::jobs::Kind;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    training_job_name: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<Value, ApiError> {
    let jobs = &context.services.jobs;
    let job = jobs.get(Kind::Training, &context.scope, &input.training_job_name).await?;
    Ok(jobs.describe(&job))
}
