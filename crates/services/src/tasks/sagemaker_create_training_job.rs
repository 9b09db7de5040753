//! `sagemaker:createTrainingJob`; with `.sync` the result is how the job ended.

use async_trait::async_trait;
use serde_json::Value;

use super::sagemaker;
use crate::{
    executions::task::{Call, Pattern, Started, Task, TaskError},
    jobs::{Jobs, Kind},
};

/// The task.
pub struct SageMakerCreateTrainingJob(pub Jobs);

#[async_trait]
impl Task for SageMakerCreateTrainingJob {
    fn resource(&self) -> &'static str {
        "sagemaker:createTrainingJob"
    }

    fn takes(&self, pattern: Pattern) -> bool {
        matches!(pattern, Pattern::RequestResponse | Pattern::Sync)
    }

    async fn start(&self, call: &Call) -> Result<Started, TaskError> {
        let request = sagemaker::request(call)?;
        let job = self.0.train(&call.principal, &call.scope, request, Some(call.token.clone())).await;
        let job = job.map_err(|error| sagemaker::refused(&error, call))?;
        Ok(sagemaker::begun("TrainingJobArn", &job.arn, call))
    }

    async fn observe(&self, _: &Call, started: &Started) -> Result<Option<Value>, TaskError> {
        sagemaker::outcome(&self.0, Kind::Training, started).await
    }

    async fn cancel(&self, call: &Call, _: Option<&Started>) -> Result<(), TaskError> {
        sagemaker::stop(&self.0, Kind::Training, call, "TrainingJobName").await
    }
}
