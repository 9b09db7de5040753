//! `sagemaker:createEndpointConfig`.

use async_trait::async_trait;
use serde_json::{Value, json};

use super::sagemaker;
use crate::{
    endpoints::Endpoints,
    executions::task::{Call, Pattern, Started, Task, TaskError},
};

/// The task.
pub struct SageMakerCreateEndpointConfig(pub Endpoints);

#[async_trait]
impl Task for SageMakerCreateEndpointConfig {
    fn resource(&self) -> &'static str {
        "sagemaker:createEndpointConfig"
    }

    fn takes(&self, pattern: Pattern) -> bool {
        pattern == Pattern::RequestResponse
    }

    async fn start(&self, call: &Call) -> Result<Started, TaskError> {
        let made = self.0.create_config(sagemaker::caller(call), sagemaker::request(call)?).await;
        let made = made.map_err(|error| sagemaker::refused(&error, call))?;
        Ok(Started {
            response: sagemaker::answered(json!({"EndpointConfigArn": made.arn}), call),
            subject: None,
        })
    }

    async fn observe(&self, _: &Call, started: &Started) -> Result<Option<Value>, TaskError> {
        Ok(Some(started.response.clone()))
    }

    async fn cancel(&self, _: &Call, _: Option<&Started>) -> Result<(), TaskError> {
        Ok(())
    }
}
