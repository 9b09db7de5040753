//! <https://docs.aws.amazon.com/sagemaker/latest/APIReference/API_StopTrainingJob.html>

use serde::Deserialize;
use trainyard_services::jobs::Kind;

use crate::{ApiError, Context};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct Input {
    training_job_name: String,
}

pub(super) async fn run(context: &Context, input: Input) -> Result<(), ApiError> {
    context.services.jobs.stop(Kind::Training, &context.scope, &input.training_job_name).await?;
    Ok(())
}
