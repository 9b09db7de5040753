//! `sagemaker:createModel`.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::sagemaker;
use crate::{
    endpoints::Endpoints,
    executions::task::{Call, Pattern, Started, Task, TaskError},
};

/// The task.
pub struct SageMakerCreateModel(pub Endpoints);

#[async_trait]
impl Task for SageMakerCreateModel {
    fn resource(&self) -> &'static str {
        "sagemaker:createModel"
    }

    fn takes(&self, pattern: Pattern) -> bool {
        pattern == Pattern::RequestResponse
    }

    async fn start(&self, call: &Call) -> Result<Started, TaskError> {
        let made = self.0.create_model(sagemaker::caller(call), sagemaker::request(call)?).await;
        let made = made.map_err(|error| sagemaker::refused(&error, call))?;
        Ok(Started { response: sagemaker::answered(json!({"ModelArn": made.arn}), call), subject: None })
    }

    async fn observe(&self, _: &Call, started: &Started) -> Result<Option<Value>, TaskError> {
        Ok(Some(started.response.clone()))
    }

    async fn cancel(&self, _: &Call, _: Option<&Started>) -> Result<(), TaskError> {
        Ok(())
    }
}
